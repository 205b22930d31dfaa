/* ask - the line with which a client on another host asks how a service is (svstatd(8)): "SCANDIR NAME", or
 * "SCANDIR NAME docker|podman CONTAINER". */
#ifndef SVC_ASK_H
#define SVC_ASK_H

#include <stdbool.h>

#include "core/base/str.h"

struct ask {
	struct str scandir;	/* absolute, without .. */
	struct str name;	/* NAME or NAME/log, not .. */
	struct str program;	/* docker or podman; empty: the service is here */
	struct str container;	/* letters, digits and _.- ; never like an option */
};

/* Views into line, which may be anything and may end in CR and LF; false: not such a line. */
bool ask_parse(struct str line, struct ask *a);

#endif
