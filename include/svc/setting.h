/* setting - change, save and bring back the variables of services (minisvc(8)); actions as in admin.h.  What
 * changes variables writes their snapshot as well. */
#ifndef SVC_SETTING_H
#define SVC_SETTING_H

#include "svc/admin.h"

admin_action setting_set;	/* a new variable of --service-name gets --variable-value */
admin_action setting_modify;	/* one that exists */
admin_action setting_unset;
admin_action setting_remove;
admin_action setting_import;	/* from the file arg */
admin_action setting_export;
admin_action setting_save_all;	/* snapshots of all services */
admin_action setting_restore;	/* --service-name goes back to its snapshot */
admin_action setting_restore_all;

/* Write the snapshot of the variables of service name in dir. */
admin_each setting_save;

#endif
