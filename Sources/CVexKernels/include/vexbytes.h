#ifndef VEXBYTES_H
#define VEXBYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whether the `part_length` bytes of `part` stand one behind the other somewhere in the `length` bytes of `text`. An
 * empty part is in every text. */
bool vexfs_bytes_contain(const uint8_t *text, size_t length, const uint8_t *part, size_t part_length);

#endif
