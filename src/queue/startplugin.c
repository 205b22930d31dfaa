/* startplugin - START_PLUGIN; see startplugin.h. */
#include "queue/startplugin.h"

#include "core/conf/conf.h"
#include "core/sys/plugin.h"

int startplugin_run(struct err *e)
{
	struct buf dir = BUF_INIT, names = BUF_INIT, symbol = BUF_INIT, fn = BUF_INIT;
	int r = 0;

	if (conf_line(CONF_PLUGINDIR, &dir, e) < 0 || conf_line(CONF_START_PLUGIN, &names, e) < 0 ||
		conf_line(CONF_START_PLUGIN_SYMB, &symbol, e) < 0)
		r = -1;
	else if (str_chr(buf_str(&dir), '/') < dir.n)
		r = err_perm(e, 0, "PLUGINDIR must be one path component");
	for (struct str rest = buf_str(&names), w; r == 0 && (w = str_word(&rest)).n; ) {
		buf_clear(&fn);
		buf_fmt(&fn, "%s/%s/%.*s", conf_home(), dir.p, STR_FMT(w));
		r = plugin_run(fn.p, symbol.p, e) < 0 ? -1 : 0;
	}
	buf_free(&dir);
	buf_free(&names);
	buf_free(&symbol);
	buf_free(&fn);
	return r;
}
