/* login - who is logged in where (utmp). */
#ifndef CORE_SYS_LOGIN_H
#define CORE_SYS_LOGIN_H

/* Call with the device ("/dev/pts/3") of every terminal on which user is logged in. */
void login_each(const char *user, void (*each)(const char *device, void *arg), void *arg);

#endif
