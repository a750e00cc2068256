// memmem is a GNU extension.
#define _GNU_SOURCE

#include "vexbytes.h"

#include <string.h>

bool vexfs_bytes_contain(const uint8_t *text, size_t length, const uint8_t *part, size_t part_length) {
    if (part_length == 0) return true;
    return length >= part_length && memmem(text, length, part, part_length) != NULL;
}
