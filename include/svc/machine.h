/* machine - what minisvc(8) --config changes outside the directory of services; actions as in admin.h. */
#ifndef SVC_MACHINE_H
#define SVC_MACHINE_H

#include "svc/admin.h"

admin_action machine_add_boot;	/* svscan is started with the machine */
admin_action machine_rm_boot;
admin_action machine_inittab;	/* by its line */
admin_action machine_users;	/* the accounts of the platform */
admin_action machine_rmusers;

#endif
