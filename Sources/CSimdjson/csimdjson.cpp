#include "csimdjson.h"

#include <simdjson.h>

#define QUOTE_TOKENS(x) #x
#define QUOTE(x) QUOTE_TOKENS(x)

const char *vexfs_simdjson_version(void) { return QUOTE(SIMDJSON_VERSION); }
