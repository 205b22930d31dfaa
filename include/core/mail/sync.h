/* sync - what must be durable before it counts: USE_FSYNC, USE_FDATASYNC, USE_SYNCDIR. */
#ifndef CORE_MAIL_SYNC_H
#define CORE_MAIL_SYNC_H

/* Make the content of fd durable unless the site switched that off: 0, or -1 with errno. */
int sync_file(int fd);
/* Make the names in directory dir durable unless switched off: 0, or -1 with errno. */
int sync_dir(const char *dir);

#endif
