/* archive - mailarchive: rules "type:pattern:destination" that give copies of messages to further addresses
 * (queue-and-delivery section 6.4). */
#ifndef QUEUE_ARCHIVE_H
#define QUEUE_ARCHIVE_H

#include "core/conf/control.h"

/* Append to *archived a T record for each destination that the rules have for an address, of the sender (type F) or a
 * recipient (T), and that is not there yet. */
void archive_address(const struct list *rules, char type, struct str addr, struct buf *archived);

#endif
