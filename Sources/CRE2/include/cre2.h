#ifndef CRE2_H
#define CRE2_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A compiled regular expression of RE2: matching takes time linear in the text and bounded memory. Any number of
 * threads may match with it at once. */
typedef struct vexfs_regex vexfs_regex;

/* Compiles a pattern of UTF-8, using at most `max_memory` bytes for it and what it caches while matching. NULL where it
 * is none; then `error` (of `error_size` bytes, at least 1) holds the reason, ended by a zero. */
vexfs_regex *vexfs_regex_create(const uint8_t *pattern, size_t length, int64_t max_memory, char *error,
                                size_t error_size);

void vexfs_regex_destroy(vexfs_regex *regex);

/* How many instructions the compiled expression has: matching may take so many steps for each byte of a text. */
int vexfs_regex_size(const vexfs_regex *regex);

/* Whether the expression matches somewhere in the text, which is UTF-8. */
bool vexfs_regex_matches(const vexfs_regex *regex, const uint8_t *text, size_t length);

/* Strings of at least `min_length` bytes, in RE2's lower case, some of which have to be in every text that matches. */
size_t vexfs_regex_atom_count(const vexfs_regex *regex);

/* One of the strings, valid as long as the expression. */
const uint8_t *vexfs_regex_atom(const vexfs_regex *regex, size_t index, size_t *length);

/* Whether a text may match that holds, in lower case, exactly the `count` strings whose indices these are. A text that
 * holds more of them may match where one with fewer may. */
bool vexfs_regex_may_match(const vexfs_regex *regex, const int32_t *atoms, size_t count);

#ifdef __cplusplus
}
#endif
#endif
