/* startplugin - the site's own code, run once when send begins: PLUGINDIR, START_PLUGIN, START_PLUGIN_SYMB. */
#ifndef QUEUE_STARTPLUGIN_H
#define QUEUE_STARTPLUGIN_H

#include "core/base/err.h"

int startplugin_run(struct err *e);

#endif
