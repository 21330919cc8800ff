"""The database engine of the tests on MariaDB: Django's engine for MySQL on PyMySQL, which needs no compiler.

Nautobot knows MySQL by that word in the name of the engine. MariaDB is not supported by Nautobot; it is the nearest relative of
MySQL that Debian has.
"""

import pymysql

pymysql.install_as_MySQLdb()
