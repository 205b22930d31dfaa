/* self - the binary knows itself: --list, --help, --version, --install, --dump. */
#ifndef CORE_APP_SELF_H
#define CORE_APP_SELF_H

/* argv[0] is the binary itself and argv[1] no applet. */
int self_main(int argc, char **argv);

#endif
