/* certfile - the certificate of a mail system, and where services look for it (minisvc(8)); as in admin.h. */
#ifndef SVC_CERTFILE_H
#define SVC_CERTFILE_H

#include "svc/admin.h"

/* --config=cert: write servercert.pem (or --certfile), a certificate of --common_name and its new key, mode 0640,
 * group qcerts where root does it and there is that group; the link clientcert.pem beside it; with --capath the
 * certificate alone as HASH.0 there.  An existing one is replaced only with --force.  With --update-certs the
 * variables of services lead there, whether the certificate is new or was there. */
admin_action certfile_config;

/* Write the certificates and keys of a service to file: mode 0640, readable by group qcerts when root does it and there is
 * that group; its directory and the link clientcert.pem beside it are made where they are missing. */
int certfile_install(const char *file, struct str pem, struct err *e);

#endif
