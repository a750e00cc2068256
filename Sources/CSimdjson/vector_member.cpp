#include <string.h>

#include "csimdjson.h"

// Most of the bytes of most documents are the numbers of one array, and a parser of everything spends four fifths of
// its time there. This one knows nothing but where the array is and how its numbers are read; what stands around it is
// left to the parser of everything. Whatever it is not sure of it leaves alone.

namespace {

constexpr double powers_of_ten[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                    1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
constexpr int power_max = 22;
// Whole numbers up to here are doubles, so that one multiplication or division rounds once, and rightly:
// W. D. Clinger, How to read floating point numbers accurately, PLDI 1990, https://doi.org/10.1145/93542.93557.
constexpr uint64_t exact_max = uint64_t(1) << 53;
constexpr int exact_digits_max = 18;

inline bool is_digit(uint8_t byte) { return uint8_t(byte - '0') < 10; }

inline bool is_blank(uint8_t byte) {
    return byte <= ' ' && (byte == ' ' || byte == '\n' || byte == '\r' || byte == '\t');
}

inline const uint8_t *skip_blanks(const uint8_t *at, const uint8_t *end) {
    while (at < end && is_blank(*at)) at++;
    return at;
}

constexpr uint64_t whole_powers[] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000};

// The number that eight digits are, less their 0x30; the first is in the lowest byte.
inline uint32_t eight_digits(uint64_t word) {
    // Pairs of digits, pairs of those, and the two halves.
    word = word * 10 + (word >> 8);
    return uint32_t(((word & 0x000000FF000000FF) * 0x000F424000000064 +
                     ((word >> 16) & 0x000000FF000000FF) * 0x0000271000000001) >> 32);
}

// Adds the digits at `at` to a number, eight at once, until a byte that is none or a number that is too long. Eight
// are what most numbers have, so that they are guessed; fewer cost no branch for each.
inline const uint8_t *read_digits(const uint8_t *at, const uint8_t *end, uint64_t &number) {
    while (end - at >= 8 && number < exact_max) {
        uint64_t word;
        memcpy(&word, at, 8);
        word ^= 0x3030303030303030;
        // What is above 9 is so in its upper half, at the latest after 6 was added; a carry comes only from such a
        // byte, into one that does not matter any more.
        const uint64_t others = (word | (word + 0x0606060606060606)) & 0xF0F0F0F0F0F0F0F0;
        if (others == 0) {
            number = number * 100000000 + eight_digits(word);
            at += 8;
            continue;
        }
        const int count = __builtin_ctzll(others) / 8;
        if (count > 0) number = number * whole_powers[count] + eight_digits(word << (64 - 8 * count));
        return at + count;
    }
    while (at < end && is_digit(*at) && number < exact_max) number = number * 10 + uint8_t(*at++ - '0');
    return at;
}

// Reads one number of JSON as the nearest double, made a float; NULL for what is none, or is not read exactly here. The
// last byte before `end` is none that a number has, and stops every loop.
inline const uint8_t *read_number(const uint8_t *at, const uint8_t *end, float *value) {
    const bool is_negative = *at == '-';
    at += is_negative;
    const uint8_t *const first = at;
    uint64_t digits = 0;
    while (is_digit(*at) && digits < exact_max) digits = digits * 10 + uint8_t(*at++ - '0');
    const ptrdiff_t whole = at - first;
    if (whole == 0 || whole > exact_digits_max || (whole > 1 && *first == '0')) return NULL;
    ptrdiff_t exponent = 0;
    bool is_integer = true;
    if (*at == '.') {
        const uint8_t *const fraction = ++at;
        at = read_digits(at, end, digits);
        exponent = fraction - at;
        if (exponent == 0) return NULL;
        is_integer = false;
    }
    if ((*at | 0x20) == 'e') {
        at++;
        const bool is_small = *at == '-';
        if ((*at == '-' || *at == '+')) at++;
        int written = 0, count = 0;
        for (; is_digit(*at) && count < 4; count++) written = written * 10 + (*at++ - '0');
        if (count == 0 || count == 4) return NULL;
        exponent += is_small ? -written : written;
        is_integer = false;
    }
    if (digits > exact_max || exponent < -power_max || exponent > power_max) return NULL;
    double number = double(digits);
    number = exponent < 0 ? number / powers_of_ten[-exponent] : number * powers_of_ten[exponent];
    // An integer has no negative zero. Signs are guessed wrong half of the time, so there is no branch.
    const double signs[] = {1, -1};
    *value = float(number * signs[is_negative & !(is_integer & (digits == 0))]);
    return *value - *value == 0 ? at : NULL;
}

// Reads an array of numbers whose bracket is at `at`; returns what is behind it, or NULL. The last byte before
// `end` is a brace, which stops every loop.
const uint8_t *read_numbers(const uint8_t *at, const uint8_t *end, float *values, size_t capacity, size_t *count) {
    size_t index = 0;
    do {
        at++;
        while (is_blank(*at)) at++;
        if (index == capacity) return NULL;
        at = read_number(at, end, values + index);
        if (at == NULL) return NULL;
        index++;
        while (is_blank(*at)) at++;
    } while (*at == ',');
    *count = index;
    return *at == ']' ? at + 1 : NULL;
}

// Behind the string whose quote is at `at`; NULL where it does not end.
const uint8_t *skip_string(const uint8_t *at, const uint8_t *end) {
    const uint8_t *const first = at + 1;
    const uint8_t *next = first;
    while (true) {
        const auto *quote = static_cast<const uint8_t *>(memchr(next, '"', size_t(end - next)));
        if (quote == NULL) return NULL;
        const uint8_t *before = quote;
        while (before > first && before[-1] == '\\') before--;
        // An odd number of backslashes: the quote belongs to the string.
        if ((quote - before) % 2 == 0) return quote + 1;
        next = quote + 1;
    }
}

// Behind a value that is no vector; NULL where nothing that ends it is found. Containers are skipped by their
// brackets: whether they match is the parser's business.
const uint8_t *skip_value(const uint8_t *at, const uint8_t *end) {
    size_t depth = 0;
    while (at < end) {
        switch (*at) {
        case '"':
            at = skip_string(at, end);
            if (at == NULL) return NULL;
            continue;
        case '{':
        case '[': depth++; break;
        case '}':
        case ']':
            if (depth == 0) return at;
            depth--;
            break;
        case ',':
            if (depth == 0) return at;
            break;
        }
        at++;
    }
    return NULL;
}

inline bool is_key(const uint8_t *at, size_t length, const char *key) {
    return length == strlen(key) && memcmp(at, key, length) == 0;
}

}  // namespace

extern "C" size_t vexfs_json_find_vector(const uint8_t *bytes, size_t length, float *values, size_t capacity,
                                         size_t *begin, size_t *behind) {
    const uint8_t *end = bytes + length;
    while (end > bytes && is_blank(end[-1])) end--;
    const uint8_t *at = skip_blanks(bytes, end);
    size_t count = 0;
    if (at == end || *at != '{' || end[-1] != '}') return 0;
    do {
        at = skip_blanks(at + 1, end);
        if (at == end || *at != '"') return 0;
        const uint8_t *const key = at + 1;
        at = skip_string(at, end);
        if (at == NULL) return 0;
        const size_t key_length = size_t(at - key - 1);
        // It could be any name.
        if (memchr(key, '\\', key_length) != NULL) return 0;
        at = skip_blanks(at, end);
        if (at == end || *at != ':') return 0;
        at = skip_blanks(at + 1, end);
        if (at == end) return 0;
        if (is_key(key, key_length, "vector") || is_key(key, key_length, "embedding")) {
            // Two of them are a mistake, or one replaces the other.
            if (count != 0 || *at != '[') return 0;
            *begin = size_t(at - bytes);
            at = read_numbers(at, end, values, capacity, &count);
            if (at == NULL) return 0;
            *behind = size_t(at - bytes);
            at = skip_blanks(at, end);
        } else if (is_key(key, key_length, "vectors")) {
            return 0;
        } else {
            at = skip_value(at, end);
        }
        if (at == NULL || at == end) return 0;
    } while (*at == ',');
    return *at == '}' ? count : 0;
}
