#!/bin/bash
# envdir: values, links between directories, all or nothing, the options, what counts as an error.
. "$(cd "$(dirname "$0")/.." && pwd)/lib.sh"
code "no arguments" 100 envdir
like "usage on fd 2" "$(cat err)" '^usage: envdir .*dir child'
code "one argument" 100 envdir d
code "unknown option" 100 envdir -z d true
code "missing directory" 111 envdir none echo no
is "its message" "$(cat err)" "envdir: fatal: unable to open environment directory: none: No such file or directory"
is "the child did not run" "$(cat out)" ""
mkdir d
printf 'one  \t\ntwo\n' >d/A
printf '\n' >d/EMPTY
: >d/GONE
printf 'x\0y\nz' >d/NUL
printf 'n' >d/NONL
echo no >d/.hidden
echo no >'d/W=X'
mkdir d/SUB
mkfifo d/FIFO
export GONE=there KEPT=kept
is "first line, blanks at the end cut" "$(envdir d printenv A)" one
is "empty line" "$(envdir d sh -c 'echo "${EMPTY-unset}."')" .
is "empty file removes" "$(envdir d sh -c 'echo "${GONE-unset}"')" unset
is "NUL is newline" "$(envdir d printenv NUL)" "x
y"
is "no newline at the end" "$(envdir d printenv NONL)" n
is "hidden, =, directories and FIFOs say nothing" "$(envdir d env | grep -cE '^(.hidden|W|SUB|FIFO)')" 0
is "the rest stays" "$(envdir d printenv KEPT)" kept
code "exit code of the child" 7 envdir d sh -c 'exit 7'
code "a child that cannot be run" 111 envdir d ./nonexistent
is "its message" "$(cat err)" "envdir: fatal: unable to run ./nonexistent: No such file or directory"
head -c 300 /dev/zero | tr '\0' v >d/LONG
is "256 bytes count" "$(envdir d sh -c 'printf %s "$LONG" | wc -c')" 256
is "-c" "$(envdir -c d /usr/bin/env | sed 's/=.*//' | sort | tr '\n' ' ')" "A EMPTY LONG NONL NUL y "
is "options may be clustered" "$(envdir -cip d /usr/bin/printenv A)" one

# errors
ln -s LOOP d/LOOP
code "a file that cannot be read" 111 envdir d echo no
like "its message" "$(cat err)" '^envdir: fatal: unable to open environment file: d/LOOP: (Too many levels of symbolic links|Symbolic link loop)$'
code "-i leaves it out" 0 envdir -i d sh -c 'echo $A'
is "and sets the others" "$(cat out)" one
code "-w only warns" 0 envdir -w d sh -c 'echo ${A-unset} $KEPT'
like "warning" "$(cat err)" '^envdir: warning: unable to open environment file: d/LOOP: (Too many levels of symbolic links|Symbolic link loop)$'
is "-w keeps the environment as it was" "$(cat out)" "unset kept"
is "-cw keeps it too" "$(envdir -cw d printenv KEPT 2>/dev/null)" kept
rm d/LOOP
ln -s nowhere d/KEPT
is "a link to nothing removes" "$(envdir d sh -c 'echo ${KEPT-unset}')" unset
ln -sf /dev/null d/KEPT
is "a link to /dev/null too" "$(envdir d sh -c 'echo ${KEPT-unset}')" unset
rm d/KEPT
if [ "$(id -u)" != 0 ]; then
	chmod 0 d/A
	code "a file without permission" 111 envdir d true
	like "its message" "$(cat err)" 'environment file: d/A: Permission denied'
	code "-i leaves it out" 0 envdir -i d true
	chmod 644 d/A
fi
mkdir half
echo 'HALF=way' >half/.envfile
ln -s LOOP half/LOOP
is "nothing of a directory with an error is kept" "$(envdir -w half sh -c 'echo ${HALF-unset}' 2>/dev/null)" unset

# links
mkdir -p base/.envdir more
printf 'deep\n' >base/.envdir/B
printf 'deep\n' >base/.envdir/C
printf 'own\n' >base/C
printf '%s\n' '  E=from file ' '' '# F=no' 'KEPT' 'C=file' 'L='"$(head -c 400 /dev/zero | tr '\0' l)" >base/.envfile
is "a directory .envdir comes first" "$(envdir base sh -c 'echo $B $C')" "deep own"
is ".envfile" "$(envdir base sh -c 'echo "${E}|${F-unset}|${KEPT-unset}|${#L}"')" "from file |unset|unset|400"
ln -s ../base more/.envdir
is "a link .envdir" "$(envdir more sh -c 'echo $B $C')" "deep own"
mkdir list
printf '../more\n%s/d\n../list\n' "$T" >list/.envdir
printf 'list\n' >list/C
is "a list of directories, itself among them" "$(envdir list sh -c 'echo $A $B $C')" "one deep list"
printf '../missing\n' >>list/.envdir
code "a missing one" 111 envdir list true
like "its message" "$(cat err)" 'unable to open environment directory: list/\.\./missing: No such file'
mkdir bad
ln -s .envfile bad/.envfile
code ".envfile that cannot be opened" 111 envdir bad true
like "its message" "$(cat err)" '^envdir: fatal: unable to open \.envfile: bad/\.envfile: '
rm bad/.envfile
ln -s .envdir bad/.envdir
code ".envdir that cannot be opened" 111 envdir bad true
like "its message" "$(cat err)" '^envdir: fatal: unable to open \.envdir: bad/\.envdir: '
mkdir -p "deep$(printf '/.envdir%.0s' {1..40})"
code "nested too deeply" 111 envdir deep true
like "its message" "$(cat err)" '^envdir: fatal: recursive loop: deep/'

# where the child is looked for
mkdir bin1 bin2 p
printf '#!/bin/sh\necho one\n' >bin1/which-one
printf '#!/bin/sh\necho two\n' >bin2/which-one
chmod 755 bin?/which-one
echo "$T/bin2" >p/PATH
is "the PATH from before" "$(PATH=$T/bin1:$PATH envdir p which-one)" one
is "-p: the new one" "$(PATH=$T/bin1:$PATH envdir -p p which-one)" two
code "-c alone finds the child as well" 0 envdir -c d sh -c true
chmod 644 bin1/which-one
is "a file that may not be run is passed by" "$(PATH=$T/bin1:$T/bin2:$PATH envdir d which-one)" two
PATH=$T/bin1:$PATH code "and remembered" 111 envdir d which-one
like "as the reason" "$(cat err)" 'unable to run which-one: Permission denied'

# chains of our own commands need no exec
is "envdir envdir" "$(envdir d envdir base printenv A B)" "one
deep"
is "REEXEC=1" "$(REEXEC=1 envdir d envdir base printenv A B)" "one
deep"
done_testing
