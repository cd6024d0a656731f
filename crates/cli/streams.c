/* Keeps a closed standard output from being taken for an open one.
 *
 * Rust's runtime opens /dev/null for reading and writing where standard output is closed, before any code of ours runs;
 * `onionskin inspect IMAGE >&-` would end well and have written nothing. Here /dev/null is opened before that, and for
 * reading only, so that every write fails as it does on a closed descriptor. A program that wants to have the output
 * thrown away opens /dev/null for writing itself, and is not affected. */

#include <fcntl.h>
#include <unistd.h>

__attribute__((constructor)) static void keep_closed_output_closed(void) {
    /* open() takes the lowest free descriptor, so that of standard input comes first. */
    if (fcntl(STDIN_FILENO, F_GETFD) == -1 && open("/dev/null", O_RDWR) != STDIN_FILENO)
        return;
    if (fcntl(STDOUT_FILENO, F_GETFD) == -1)
        (void)!open("/dev/null", O_RDONLY);
}
