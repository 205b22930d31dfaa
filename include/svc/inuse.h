/* inuse - services out of use and back, made anew, or kept from that (minisvc(8)); actions as in admin.h. */
#ifndef SVC_INUSE_H
#define SVC_INUSE_H

#include "svc/admin.h"

admin_action inuse_remove;	/* --rmsvc: words DIR/NAME */
admin_action inuse_enable;	/* --ensvc; each is shown when it is up, or after five seconds */
admin_action inuse_refresh;	/* --refreshsvc: words, or all */
admin_action inuse_mark;	/* --norefreshsvc: 0 or 1, then words or all */

#endif
