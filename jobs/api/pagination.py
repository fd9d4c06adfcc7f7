from rest_framework.pagination import PageNumberPagination


class JobPagination(PageNumberPagination):
    """Pages of 24, at most 100."""

    page_size = 24
    max_page_size = 100
    page_size_query_param = "page_size"
