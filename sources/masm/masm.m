# SPDX-License-Identifier: MIT
# masm: the macro assembler. Its arguments are files, read as one text; standard output is the bytes that the
# text stands for. The language is hex1's (sources/hex1), and this text is written in it:
#
#   # or ;       begins a comment, which ends with the line
#   4F           bytes: pairs of 0-9 A-F, as many as you like without a blank
#   "text"       the bytes between the quotes, on one line
#   %-12         a number: eight bytes, lowest first
#   'c           a character: eight bytes
#   :name        a label: gives the name the address of this place
#   @name        its address: eight bytes
#   !name        its distance from the start of the file: eight bytes
#   ~12          adds a number to the eight bytes before it (not in hex1)
#   +100         leaves out so many bytes of memory; nothing may follow that makes bytes
#   ^            zero bytes up to an address that 8 divides
#   =name ...    a macro: the name stands for the bytes of the rest of the line (no macro, label, address)
#   name         a macro defined above: its bytes. It begins with a letter from a to z
# The file begins at address 500000 hex. Names end at a blank.
#
# What it adds to hex1: speed (names are found by hashing, a macro's bytes are made once, addresses are filled
# in at the end instead of in a second pass), and messages: FILE:LINE: MESSAGE: TOKEN on standard error, exit
# status 1, no output.
#
# Made by: hex1 from the table, start.m and this text; then by itself, byte for byte the same.
# Retires: hex1.
#
# The functions keep what they work on in global variables; none calls itself. Index: _main, read_file, scan
# (one branch a kind of token), lookup, digit, decimal_value, patch, write_all, fail, print, print_number.

# --- a name's entry: next in its chain, where it is written, length, kind (0 unknown, 1 label, 2 macro),
# --- value (address in 'bytes' or in 'bodies'), size of a macro
=e_name %8
=e_length %16
=e_kind %24
=e_value %32
=e_size %40
=entry_size %48

# --- main(count, arguments): the whole program
:_main enter %0
  lit @text save @text_end                # no text yet
  lit @file_table save @files_end         # no files
  lit @entries save @entries_end          # no names
  lit @fixups save @fixups_end            # no addresses to fill in
  lit @bodies save @bodies_end            # no macros
  get %16 litb %8 add put %16             # pass over the program's own name
:each_file
  get %16 load8 jz @all_read              # the null behind the last argument
  get %16 load8 save @name call @read_file
  get %16 litb %8 add put %16             # the next argument
  jmp @each_file
:all_read
  lit @text save @p                       # from the start of the text
  lit @bytes save @out save @made         # nothing made yet
  call @scan
  call @patch
  call @write_all
  lit %0 leave                            # exit status

# --- read_file: appends the file 'name' to the text, and a line end and a zero behind it
:read_file enter %0
  load @files_end push load @text_end popb store8            # a file's entry: where its text begins
  load @files_end litb %8 add push load @name popb store8    # and its name
  load @files_end litb %16 add save @files_end
  litb @file_table_end geu jnz @too_many_files
  load @name push call @_os_open drop %8 save @file
  litb %0 lts jnz @no_file
:read_more
  load @file push load @text_end push
  movb lit @text_limit sub push                              # as much as there is room for
  call @_os_read drop %24 save @count
  litb %0 lts jnz @no_file
  load @count movb load @text_end add save @text_end
  litb @text_limit eq jnz @too_large
  load @count jnz @read_more
  load @text_end litb %10 store1                             # a line end
  load @text_end litb %1 add save @text_end
  litb %0 store1 leave                                       # and a zero
:no_file lit @m_file jmp @complain
:too_many_files lit @m_files jmp @complain
:too_large lit @m_large
:complain push load @name push call @print drop %8           # no line to name: FILE: MESSAGE
  lit @m_colon push call @print drop %8
  call @print jmp @end_line

# --- scan: one token after the other. p is the next character, out the next byte's place
:scan enter %0
:next load @p save @token load1u movb     # B = the character
  lit %32 geu jnz @blank                  # 32 or less
  lit ': eq jnz @label
  lit '# eq jnz @comment
  lit '; eq jnz @comment
  lit '+ eq jnz @reserve
  load @reserved jnz @too_late            # all others make bytes
  lit '~ eq jnz @addend
  lit 'a leu jnz @use                     # a or more
  lit '@ eq jnz @address
  lit '% eq jnz @decimal
  lit '! eq jnz @address
  lit '" eq jnz @string
  lit '' eq jnz @character
  lit '= eq jnz @macro
  lit '^ eq jnz @align
  call @digit litb %16 mul push           # what is left can only be hex digits: the upper four bits
  load @p litb %1 add save @p
  load1u movb call @digit popb or         # the lower four
  movb load @out store1                   # a byte
  load @p litb %1 add save @p
  load @out litb %1 add jmp @emitted

:blank lit %0 eq jnz @ended               # B is the character still
  lit %10 eq jz @step
  load @defining jnz @macro_end           # a macro ends with its line
:step load @p litb %1 add save @p jmp @next
:ended leave
:too_late lit @m_reserved jmp @fail

:comment load @p litb %1 add save @p load1u
  litb %10 ne jnz @comment                # up to the line end, which every file has
  jmp @next

# A = where the next byte goes: every token that makes bytes ends here
:emitted save @out save @made
  litb @bytes_limit ltu jnz @next
:too_long lit @m_large jmp @fail

# a macro's use: copies its bytes, eight at a time; what that copies too much is overwritten by what follows
:use load @defining jnz @nested
  call @lookup litb e_kind add load8 litb %2 ne jnz @no_macro
  load @entry litb e_value add load8 save @from
  load @entry litb e_size add load8 movb load @out save @to add save @limit
:copy load @from load8 movb load @to store8
  load @from litb %8 add save @from
  load @to litb %8 add save @to movb
  load @limit gtu jnz @copy               # limit > to
  load @limit jmp @emitted
:nested lit @m_nested jmp @fail
:no_macro lit @m_macro jmp @fail

# a macro's definition: its line is made like any other; then its bytes move to 'bodies'
:macro load @defining jnz @nested
  load @p litb %1 add save @p
  call @define litb e_kind add litb %2 store8
  load @entry save @defining
  load @out save @body jmp @next
:macro_end
  load @defining litb e_value add push load @bodies_end save @to popb store8
  load @defining litb e_size add push load @body movb load @out sub popb store8
  load @body save @from
:move load @from load8 movb load @to store8
  load @from litb %8 add save @from
  load @to litb %8 add save @to
  litb @bodies_limit geu jnz @too_long
  load @out movb load @from ltu jnz @move # from < out
  load @to save @bodies_end
  load @body save @out save @made         # as if nothing had been made
  lit %0 save @defining jmp @step

:label load @defining jnz @nested
  load @p litb %1 add save @p
  call @define litb e_kind add litb %1 store8
  load @entry litb e_value add push load @out popb store8
  jmp @next

# an address: 'patch' fills it in. A fixup is its place and its name's entry, plus 1 for a distance
:address load @defining jnz @nested
  load @p load1u litb '! eq push
  load @p litb %1 add save @p
  call @lookup litb e_kind add load8 litb %2 eq jnz @no_label_here
  load @entry popb add save @value
  load @fixups_end litb %8 add push load @value popb store8
  load @fixups_end push load @out popb store8
  load @fixups_end litb %16 add save @fixups_end
  litb @fixups_limit geu jnz @too_long
  lit %0 jmp @eight
:no_label_here lit @m_label jmp @fail
:addend call @decimal_value push          # 'patch' adds the address to what is there already
  load @out litb %8 sub save @to load8 popb add
  movb load @to store8 jmp @next

:decimal call @decimal_value
:eight movb load @out store8              # eight bytes
  load @out litb %8 add jmp @emitted

:character load @p litb %2 add save @p
  litb %1 sub load1u jmp @eight           # the character behind the sign

:string load @p litb %1 add save @p load1u movb
  lit '" eq jnz @string_end
  lit %10 eq jnz @open_string
  load @out store1
  load @out litb %1 add save @out jmp @string
:string_end load @p litb %1 add save @p
  load @out jmp @emitted
:open_string lit @m_string jmp @fail

:reserve load @defining jnz @nested
  call @decimal_value movb load @out add save @out
  lit %1 save @reserved jmp @next

:align load @p litb %1 add save @p
:align_more load @out litb %7 and jz @aligned
  load @out litb %0 store1
  load @out litb %1 add save @out jmp @align_more
:aligned load @out jmp @emitted

# --- define: lookup, for a name that must not be defined yet
:define enter %0
  call @lookup litb e_kind add load8 jnz @defined_twice
  load @entry leave
:defined_twice lit @m_twice jmp @fail

# --- lookup: A and 'entry' = the entry of the name at p, which moves behind it
:lookup enter %0
  load @p save @name
  lit %0 save @hash
:hash_more load @p load1u movb
  lit %32 geu jnz @hash_done              # the name ends at a blank
  load @hash add litb %31 mul save @hash  # hash = (hash + character) * 31
  load @p litb %1 add save @p jmp @hash_more
:hash_done
  load @name movb load @p sub save @length
  jz @no_name
  load @hash litb %65535 and litb %8 mul litb @chains add save @chain
:chain_next load8 save @entry             # the chain's first entry, or an entry's next
  jz @new_name
  litb e_length add load8 push load @length popb eq jz @chain_other
  load @entry litb e_name add load8 save @from
  load @name save @to
:same load @p movb load @to eq jnz @found # all characters are equal
  load @from load1u push load @to load1u popb eq jz @chain_other
  load @from litb %1 add save @from
  load @to litb %1 add save @to jmp @same
:chain_other load @entry jmp @chain_next
:new_name load @entries_end save @entry
  push load @chain load8 popb store8      # before the chain's first
  load @chain push load @entry popb store8
  litb e_name add push load @name popb store8
  load @entry litb e_length add push load @length popb store8
  load @entry litb entry_size add save @entries_end
  litb @entries_limit geu jnz @too_long
:found load @entry leave
:no_name lit @m_name jmp @fail

# --- digit: A = the value of the hex digit in B
:digit enter %0
  lit '0 gtu jnz @bad                     # '0' > B
  lit '9 geu jnz @figure
  lit 'A gtu jnz @bad
  lit 'F ltu jnz @bad
  lit %55 jmp @less
:figure lit '0
:less sub neg leave                       # B less the first digit's character
:bad lit @m_token jmp @fail

# --- decimal_value: A = the number behind the sign at p, which moves behind it
:decimal_value enter %0
  lit %0 save @value save @negative
  load @p litb %1 add save @p load1u
  litb '- ne jnz @digits
  lit %1 save @negative
  load @p litb %1 add save @p
:digits load @p load1u litb '0 sub save @count
  litb %9 gtu jnz @bad_number
:digit_more
  load @value litb %1844674407370955161 gtu jnz @out_of_range
  load @value litb %10 mul movb load @count add save @value
  ltu jnz @out_of_range                   # less than ten times what it was: too large by the digit
  load @p litb %1 add save @p
  load1u litb '0 sub save @count
  litb %9 leu jnz @digit_more
  load @p load1u litb %32 gtu jnz @bad_number
  load @negative jz @positive
  load @value neg leave
:positive load @value leave
:bad_number lit @m_token jmp @fail
:out_of_range lit @m_range jmp @fail

# --- patch: fills in the addresses
:patch enter %0
  lit @fixups save @from
:patch_next load @fixups_end movb load @from geu jnz @patched
  load @from litb %8 add load8 save @hash # the entry, plus 1 for a distance
  litb %-2 and save @entry
  litb e_kind add load8 litb %1 ne jnz @no_label
  load @entry litb e_value add load8 litb @bytes sub save @value
  load @hash litb %1 and jnz @distance
  load @value litb %5242880 add save @value
:distance load @from load8 save @to load8 movb load @value add
  movb load @to store8
  load @from litb %16 add save @from jmp @patch_next
:patched leave
:no_label load @entry litb e_name add load8 save @token
  lit @m_label jmp @fail

# --- write_all: writes what was made to standard output
:write_all enter %0
  lit @bytes save @from
:write_more load @made movb load @from geu jnz @written
  lit %1 push load @from push movb load @made sub push
  call @_os_write drop %24 save @count
  litb %0 les jnz @no_output
  load @count movb load @from add save @from jmp @write_more
:written leave
:no_output lit @m_output push call @print drop %8 jmp @end_line

# --- fail: A = a message. Prints FILE:LINE: MESSAGE: TOKEN and ends the program
:fail save @value
  load @files_end save @from
:fail_file load @from litb %16 sub save @from
  load8 movb load @token ltu jnz @fail_file          # the token lies before this file
  load @from load8 save @to
  lit %1 save @count
:fail_line load @token movb load @to geu jnz @fail_print
  load @to load1u litb %10 eq movb load @count add save @count
  load @to litb %1 add save @to jmp @fail_line
:fail_print
  load @from litb %8 add load8 push call @print
  lit @m_line push call @print
  call @print_number
  lit @m_colon push call @print
  load @value push call @print
  lit @m_colon push call @print
  load @token save @to
:fail_token load @to litb %1 add save @to load1u     # end the token with a zero
  litb %32 gtu jnz @fail_token
  load @to litb %0 store1
  load @token push call @print
:end_line lit @m_end push call @print
  lit %1 push call @_os_exit

# --- print(string): on standard error
:print enter %0
  get %16 save @to
:print_more load @to load1u jz @print_all
  load @to litb %1 add save @to jmp @print_more
:print_all
  lit %2 push get %16 push movb load @to sub push call @_os_write leave

# --- print_number: 'count', in decimal
:print_number enter %0
  lit @number_end save @to
:print_digit
  load @to litb %1 sub save @to
  load @count litb %10 modu litb '0 add movb load @to store1
  load @count litb %10 divu save @count
  jnz @print_digit
  load @to push call @print leave

:m_file "cannot be read" 00
:m_files "too many files" 00
:m_large "the text is too large" 00
:m_reserved "bytes behind memory left out" 00
:m_nested "not allowed in a macro" 00
:m_macro "no such macro" 00
:m_string "the string does not end on its line" 00
:m_twice "defined twice" 00
:m_name "a name is missing" 00
:m_token "unknown token" 00
:m_range "number out of range" 00
:m_label "no such label" 00
:m_output "masm: cannot write" 00
:m_line ":" 00
:m_colon ": " 00
:m_end 0A00
:number 00000000000000000000000000000000 00000000
:number_end 00 ^
:file_end

# --- variables
:p +8
:out +8
:made +8
:token +8
:name +8
:length +8
:hash +8
:chain +8
:entry +8
:from +8
:to +8
:limit +8
:file +8
:count +8
:value +8
:negative +8
:defining +8
:body +8
:reserved +8
:text_end +8
:files_end +8
:entries_end +8
:fixups_end +8
:bodies_end +8

# --- tables
:file_table +1024
:file_table_end
:chains +524288
:entries +8388608
:entries_limit +64
:fixups +16777216
:fixups_limit +64
:bodies +65536
:bodies_limit +64
:bytes +8388608
:bytes_limit +4096
:text +16777216
:text_limit +16
:mem_end
