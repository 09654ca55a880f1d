/* The right name on the wrong thing: reading a descriptor from it would read behind its end. */
extern const char lbd_algorithm __attribute__((visibility("default")));
const char lbd_algorithm = 1;
