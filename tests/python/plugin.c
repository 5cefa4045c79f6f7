/* A plugin: a filter that changes nothing, or, by SORT, a connector or a file driver that is none. It leaves a mark where it was
 * loaded. */

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

__attribute__((constructor)) static void mark(void)
{
    const char *name = getenv("FILEBACKED_TEST_MARK");
    FILE *file = name ? fopen(name, "w") : NULL;
    if (file)
        fclose(file);
}

static size_t pass(unsigned flags, size_t count, const unsigned values[], size_t bytes, size_t *size, void **buffer)
{
    (void)flags, (void)count, (void)values, (void)size, (void)buffer;
    return bytes;
}

/* H5Z_class2_t */
static const struct {
    int version, id;
    unsigned encodes, decodes;
    const char *name;
    void *can_apply, *set_local;
    size_t (*filter)(unsigned, size_t, const unsigned[], size_t, size_t *, void **);
} CLASS = {1, 32123, 1, 1, "pass", NULL, NULL, pass};

int H5PLget_plugin_type(void) { return SORT; }
const void *H5PLget_plugin_info(void) { return SORT ? NULL : &CLASS; }
