"""Nautobot's test classes without the tests that do not apply here, which would only be skipped."""

from nautobot.apps.testing import APIViewTestCases, FilterTestCases, FormTestCases, ModelTestCases, ViewTestCases


class ListTestCase(ViewTestCases.ListObjectsViewTestCase):
    """Lists, without the tests that Nautobot runs for its own models or its example app only."""

    test_filter_form_fields_are_working = None
    test_list_view_app_banner = None
    test_model_properties_as_table_columns_are_not_orderable = None
    test_table_with_indentation_is_removed_on_filter_or_sort = None


class EditableViewTestCase(
    ViewTestCases.GetObjectViewTestCase,
    ViewTestCases.GetObjectChangelogViewTestCase,
    ViewTestCases.GetObjectNotesViewTestCase,
    ViewTestCases.CreateObjectViewTestCase,
    ViewTestCases.EditObjectViewTestCase,
    ViewTestCases.DeleteObjectViewTestCase,
    ListTestCase,
    ViewTestCases.BulkEditObjectsViewTestCase,
    ViewTestCases.BulkDeleteObjectsViewTestCase,
):
    """All views of a model that people edit; none of ours is renamed in bulk."""

    maxDiff = None


class ListWithoutTagsApiTestCase(APIViewTestCases.ListObjectsViewTestCase):
    """Lists of the REST API for models without many-to-many fields."""

    test_list_objects_exclude_m2m = None


class FilterTestCase(FilterTestCases.FilterTestCase):
    """Filters, without the test that Nautobot runs for its own models only."""

    test_filters_distinct = None


class FilterWithoutTagsTestCase(FilterTestCase):
    """Filters of models that have no tags."""

    test_tags_filter = None


class FormTestCase(FormTestCases.BaseFormTestCase):
    """Forms whose fields have no query parameters."""

    test_form_dynamic_model_choice_fields_query_params = None


class UngroupedModelTestCase(ModelTestCases.BaseModelTestCase):
    """Models that cannot be members of dynamic groups."""

    test_dynamic_group_api = None
