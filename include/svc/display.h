/* display - show variables, scripts and settings of services (minisvc(8)); actions as in admin.h. */
#ifndef SVC_DISPLAY_H
#define SVC_DISPLAY_H

#include "svc/admin.h"

admin_action display_variables;		/* the environment of service arg, --service-name or --envdir */
admin_action display_all_variables;
admin_action display_everything;	/* --dumpconfig */

#endif
