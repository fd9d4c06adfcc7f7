"""Paging of the API's lists."""

from rest_framework.pagination import PageNumberPagination


class JobPagination(PageNumberPagination):
    """24 jobs per page unless `page_size` requests another number, at most 100."""

    page_size = 24
    max_page_size = 100
    page_size_query_param = "page_size"
