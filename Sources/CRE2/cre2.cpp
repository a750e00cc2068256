#include "cre2.h"

#include <cstring>
#include <memory>
#include <new>
#include <string>
#include <vector>

#include <re2/filtered_re2.h>
#include <re2/re2.h>

namespace {
// A trigram index can look for nothing shorter.
constexpr int shortest_atom = 3;
}  // namespace

struct vexfs_regex {
    re2::FilteredRE2 filter{shortest_atom};
    std::vector<std::string> atoms;
};

extern "C" {

vexfs_regex *vexfs_regex_create(const uint8_t *pattern, size_t length, int64_t max_memory, char *error,
                                size_t error_size) {
    error[0] = 0;
    std::unique_ptr<vexfs_regex> made(new (std::nothrow) vexfs_regex());
    if (made == nullptr) return nullptr;
    re2::RE2::Options options;
    options.set_log_errors(false);
    options.set_max_mem(max_memory);
    options.set_never_capture(true);
    const re2::StringPiece text(reinterpret_cast<const char *>(pattern), length);
    int id = 0;
    if (made->filter.Add(text, options, &id) != re2::RE2::NoError) {
        // The filter keeps no expression that failed, so the reason is asked for again.
        const re2::RE2 failed(text, options);
        std::strncpy(error, failed.error().c_str(), error_size - 1);
        error[error_size - 1] = 0;
        return nullptr;
    }
    made->filter.Compile(&made->atoms);
    return made.release();
}

void vexfs_regex_destroy(vexfs_regex *regex) { delete regex; }

int vexfs_regex_size(const vexfs_regex *regex) { return regex->filter.GetRE2(0).ProgramSize(); }

bool vexfs_regex_matches(const vexfs_regex *regex, const uint8_t *text, size_t length) {
    const re2::StringPiece piece(reinterpret_cast<const char *>(text), length);
    return re2::RE2::PartialMatch(piece, regex->filter.GetRE2(0));
}

size_t vexfs_regex_atom_count(const vexfs_regex *regex) { return regex->atoms.size(); }

const uint8_t *vexfs_regex_atom(const vexfs_regex *regex, size_t index, size_t *length) {
    *length = regex->atoms[index].size();
    return reinterpret_cast<const uint8_t *>(regex->atoms[index].data());
}

bool vexfs_regex_may_match(const vexfs_regex *regex, const int32_t *atoms, size_t count) {
    const std::vector<int> held(atoms, atoms + count);
    std::vector<int> potential;
    regex->filter.AllPotentials(held, &potential);
    return !potential.empty();
}

}  // extern "C"
