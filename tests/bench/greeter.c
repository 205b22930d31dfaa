/* greeter - the least a mail server does: a banner, one line from the client, a farewell.  What tcpserver.sh lets
 * the peer exec, dynamically linked as programs are. */
#include <unistd.h>

int main(void)
{
	char text[512];

	if (write(1, "220 bench.test ESMTP\r\n", 22) != 22 || read(0, text, sizeof text) < 1)
		return 1;
	return write(1, "221 bench.test\r\n", 16) != 16;
}
