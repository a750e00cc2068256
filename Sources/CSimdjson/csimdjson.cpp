#include "csimdjson.h"

#include <charconv>
#include <new>

#include <simdjson.h>

#define QUOTE_TOKENS(x) #x
#define QUOTE(x) QUOTE_TOKENS(x)

struct vexfs_json_parser {
    simdjson::dom::parser parser;
    size_t max_depth;
};

extern "C" {

const char *vexfs_simdjson_version(void) { return QUOTE(SIMDJSON_VERSION); }

vexfs_json_parser *vexfs_json_parser_create(size_t max_depth) {
    auto *made = new (std::nothrow) vexfs_json_parser();
    if (made != nullptr) made->max_depth = max_depth;
    return made;
}

void vexfs_json_parser_destroy(vexfs_json_parser *parser) { delete parser; }

size_t vexfs_json_parser_capacity(const vexfs_json_parser *parser) { return parser->parser.capacity(); }

enum vexfs_json_status vexfs_json_parse(vexfs_json_parser *parser, const uint8_t *bytes, size_t length,
                                        vexfs_json_tape *out) {
    // The library counts the document itself as a level and refuses a level equal to its limit.
    const size_t limit = parser->max_depth + 1;
    if (parser->parser.capacity() < length || parser->parser.max_depth() != limit) {
        // Growing in powers of two keeps a stream of slowly growing lines from reallocating every time.
        size_t capacity = 4096;
        while (capacity < length) capacity *= 2;
        if (parser->parser.allocate(capacity, limit) != simdjson::SUCCESS) return VEXFS_JSON_MEMORY;
        if (parser->parser.doc.allocate(capacity) != simdjson::SUCCESS) return VEXFS_JSON_MEMORY;
    }
    // With `realloc_if_needed` the input is copied into the parser's own padded buffer.
    simdjson::dom::element root;
    const simdjson::error_code error = parser->parser.parse(bytes, length, true).get(root);
    switch (error) {
    case simdjson::SUCCESS:
        out->tape = parser->parser.doc.tape.get();
        out->strings = parser->parser.doc.string_buf.get();
        return VEXFS_JSON_OK;
    case simdjson::NUMBER_ERROR:
        return VEXFS_JSON_NUMBER;
    case simdjson::DEPTH_ERROR:
        return VEXFS_JSON_DEPTH;
    case simdjson::UTF8_ERROR:
        return VEXFS_JSON_UTF8;
    case simdjson::MEMALLOC:
    case simdjson::CAPACITY:
        return VEXFS_JSON_MEMORY;
    default:
        return VEXFS_JSON_SYNTAX;
    }
}

size_t vexfs_json_write_double(double value, uint8_t *out) {
    char *start = reinterpret_cast<char *>(out);
    return static_cast<size_t>(std::to_chars(start, start + 32, value).ptr - start);
}

size_t vexfs_json_write_floats(const float *values, size_t count, uint8_t *out) {
    char *start = reinterpret_cast<char *>(out);
    char *next = start;
    for (size_t index = 0; index < count; index++) {
        if (index != 0) *next++ = ',';
        next = std::to_chars(next, next + 19, values[index]).ptr;
    }
    return static_cast<size_t>(next - start);
}

}
