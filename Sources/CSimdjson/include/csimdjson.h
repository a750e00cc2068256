#ifndef CSIMDJSON_H
#define CSIMDJSON_H

#ifdef __cplusplus
extern "C" {
#endif

/* The version of the simdjson library, "3.0.1". */
const char *vexfs_simdjson_version(void);

#ifdef __cplusplus
}
#endif
#endif
