#ifndef CSIMDJSON_H
#define CSIMDJSON_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The version of the simdjson library, "3.0.1". */
const char *vexfs_simdjson_version(void);

/* A reusable parser. One thread at a time. */
typedef struct vexfs_json_parser vexfs_json_parser;

/* A parsed document, valid until the parser parses again or is destroyed. `tape` is simdjson's own flat pre-order form
 * (simdjson, doc/tape.md): one 64-bit word per value with the type's character in the top byte; numbers take a second
 * word; containers carry the index behind their end. `strings` holds each string as a 32-bit length and its bytes. */
typedef struct vexfs_json_tape {
    const uint64_t *tape;
    const uint8_t *strings;
} vexfs_json_tape;

/* What went wrong, reduced to what the caller can act on. */
enum vexfs_json_status {
    VEXFS_JSON_OK = 0,
    VEXFS_JSON_SYNTAX = 1,
    VEXFS_JSON_NUMBER = 2,
    VEXFS_JSON_DEPTH = 3,
    VEXFS_JSON_UTF8 = 4,
    VEXFS_JSON_MEMORY = 5
};

/* A parser that allows `max_depth` levels of containers, or NULL without memory. */
vexfs_json_parser *vexfs_json_parser_create(size_t max_depth);

void vexfs_json_parser_destroy(vexfs_json_parser *parser);

/* How many bytes of input the parser's buffers hold now. */
size_t vexfs_json_parser_capacity(const vexfs_json_parser *parser);

/* Parses `length` bytes (no padding needed: they are copied) and points `out` at the result. */
enum vexfs_json_status vexfs_json_parse(vexfs_json_parser *parser, const uint8_t *bytes, size_t length,
                                        vexfs_json_tape *out);

/* Looks in a JSON object for the one member "vector" or "embedding" whose value is an array of numbers, and reads these
 * into `values`, which has room for `capacity`, as the nearest doubles made floats. Returns their count, and where the
 * array begins and what is behind it; 0 where there is no such member, more than one, also one "vectors", a number that
 * takes more than one rounding to read, or anything unusual: then the parser has to read all. What stands around the
 * array is not judged: with `null` in the array's place it is valid where it was, and only there. */
size_t vexfs_json_find_vector(const uint8_t *bytes, size_t length, float *values, size_t capacity, size_t *begin,
                              size_t *behind);

/* Writes the shortest text that reads back as the same finite number; `out` has room for 32 bytes. Returns its size. */
size_t vexfs_json_write_double(double value, uint8_t *out);

/* Writes `count` finite floats, shortest form, commas between; `out` has room for 20 bytes each. Returns the size. */
size_t vexfs_json_write_floats(const float *values, size_t count, uint8_t *out);

#ifdef __cplusplus
}
#endif
#endif
