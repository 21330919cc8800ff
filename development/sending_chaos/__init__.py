"""Faults while messages are sent, alerts silenced and jobs run, and cancelled jobs: `invoke sending-chaos`."""
