/* main - the one entry point. */
#include "core/app/applet.h"

int main(int argc, char **argv)
{
	return applet_main(argc, argv);
}
