/* self - the binary knows itself: --list, --help, --version, --install, --dump. */
#ifndef CORE_APP_SELF_H
#define CORE_APP_SELF_H

/* argv[0] is the binary itself and argv[1] no applet. */
int self_main(int argc, char **argv);
/* Make dir a directory for a PATH: "indimail" is a link to the file binary, every name of an applet one to "indimail".
 * Links that lead elsewhere are led there, what is no link stays.  -1 when one cannot be made, which is logged. */
int self_links(const char *dir, const char *binary);

#endif
