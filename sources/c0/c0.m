# SPDX-License-Identifier: MIT
# c0: a compiler for a small subset of C, in the macro language. Its argument is a file; standard output is
# macro text, which follows the table and start.m. Any C compiler takes the subset, with the same meaning.
#
#   program     = { "enum" "{" name [ "=" constant ] { "," name [ "=" constant ] } [ "," ] "}" ";"
#                 | type name "(" [ type name { "," type name } ] ")" ( ";" | block )
#                 | type name [ "[" constant "]" ] { "," { "*" } name [ "[" constant "]" ] } ";" }
#   type        = ( "void" | "long" | "char" ) { "*" }          a char is a byte without sign; only as char * and
#   constant    = number | character | name of an enum            char []; no long * but for indexing
#   block       = "{" { statement } "}"
#   statement   = block | "if" "(" expression ")" statement [ "else" statement ]
#                 | "while" "(" expression ")" statement | "break" ";" | "continue" ";"
#                 | "for" "(" statement expression ";" expression ")" statement     the first one ends with its ";"
#                 | "return" [ expression ] ";" | expression ";" | ";"
#                 | type name [ "=" expression ] { "," { "*" } name [ "=" expression ] } ";"
#   expression  = conditional [ ( "=" | "+=" | "-=" ) expression ]     of += and -=, the left side is no char
#   conditional = binary [ "?" expression ":" conditional ]
#   binary      = unary { operator unary }                       || && | ^ & == != < <= > >= << >> + - * / %
#   unary       = ( "!" | "-" | "~" | "*" ) unary | postfix
#   postfix     = primary { "[" expression "]" | "++" | "--" }   what ++ and -- change is no char
#   primary     = number | character | string { string } | name | name "(" [ expression { "," expression } ] ")"
#                 | "(" expression ")"
# All arithmetic is that of long: a program must not depend on a constant being an int. Both styles of comment.
# Numbers are decimal; escapes are \n \t \r \0 \\ \' \". Functions and variables are declared before their use. A local
# name is known up to the end of the function; at most 32 are. Pointers are added to as if they were char *.
#
# Made by: masm. Makes: c1. Retired by: c1.
#
# How it works: one pass, no tree. An expression's code leaves its value in A; while 'lvalue' is 1, it leaves
# the value's address instead, and 'rvalue' adds the load. 'type' is the type of the value: 0 long, 1 char,
# and 2 more for each star. Text comes in pieces of up to eight characters, which are one operand ("push "
# and three zero bytes): tokens are compared so, and the output is put together so.
# Index: _main; expression: expression, conditional, binary, unary, postfix, primary; statement; declarations: function,
# declarator, program; names: lookup, define; tokens: next, expect; output: emit, emit_number; fail.

# --- a name's entry: next in its chain, the chain, where it is written, length, kind, type, value
=e_chain %8
=e_name %16
=e_length %24
=e_kind %32
=e_type %40
=e_value %48
=entry_size %56
# kinds: 1 variable, 2 array, 3 function, 4 local variable (value: its place in the frame), 5 constant

:_main enter %0
  lit @code save @out
  lit @strings save @strings_end
  lit @memory save @memory_end
  lit @entries save @entries_end
  lit @text save @p
  get %16 litb %8 add load8 save @file_name
  push call @_os_open drop %8 save @file
  litb %0 lts jnz @no_file
  lit @text save @token
:read_more
  load @file push load @token push lit %1048576 push call @_os_read drop %24 save @count
  litb %0 lts jnz @no_file
  load @count movb load @token add save @token
  litb @text_limit gtu jnz @no_file
  load @count jnz @read_more
  call @next call @program
  lit @strings save @from load @strings_end save @to call @append             # behind the code: the strings,
  lit "^ :file_" call @emit lit "end" 0A 00000000 call @emit
  lit @memory save @from load @memory_end save @to call @append
  lit ":mem_end" call @emit lit 0A00000000000000 call @emit
  lit @code save @from                               # and the variables
:write_more load @out movb load @from geu jnz @written
  lit %1 push load @from push movb load @out sub push call @_os_write drop %24 save @count
  litb %0 les jnz @no_output
  load @count movb load @from add save @from jmp @write_more
:written lit %0 leave
:no_output lit @m_output jmp @complain
:no_file lit @m_file
:complain push load @file_name push call @print drop %8
  lit @m_colon push call @print drop %8
  call @print jmp @end_line

# --- append: the text from 'from' up to 'to' to the output
:append enter %0
:append_more load @to movb load @from eq jnz @appended
  load @from load1u movb load @out store1
  load @out litb %1 add save @out
  load @from litb %1 add save @from jmp @append_more
:appended leave

# ================ expressions

# --- expression: an expression; its value or its address is in A
:expression enter %16
  call @conditional
  load @word litb "=" 00000000000000 eq jnz @assign
  load @word litb "+=" 000000000000 eq jnz @assign_op
  load @word litb "-=" 000000000000 eq jnz @assign_op
  leave
:assign call @want_lvalue
  load @type put %-8
  lit "push " 000000 call @emit
  call @next call @value
  lit "popb " 000000 call @emit
  get %-8 save @type call @emit_store leave
:assign_op call @want_lvalue
  load @type put %-8
  load @word litb %255 and put %-16
  lit "push loa" call @emit lit "d8 push " call @emit
  call @next call @value
  lit "popb " 000000 call @emit
  get %-16 litb '+ eq jnz @plus
  lit "sub " 00000000 call @emit jmp @computed
:plus lit "add " 00000000 call @emit
:computed lit "popb sto" call @emit lit "re8" 0A 00000000 call @emit
  get %-8 save @type leave

# --- conditional: one of two values, by the one before the question mark
:conditional enter %16
  lit %1 push call @binary drop %8
  load @word litb "?" 00000000000000 ne jnz @no_question
  call @rvalue call @jump_if_zero put %-8
  call @next call @value
  call @new_label put %-16 call @emit_jump
  lit ":" 00000000000000 call @expect
  get %-8 call @emit_label
  call @conditional call @rvalue
  get %-16 call @emit_label
:no_question leave

# --- value: an expression whose value is in A
:value enter %0
  call @expression call @rvalue leave

# --- rvalue: loads the value if A is its address
:rvalue enter %0
  load @lvalue jz @is_value
  lit %0 save @lvalue
  load @type litb %1 eq jnz @load_char
  lit "load8 " 0000 call @emit leave
:load_char lit %0 save @type
  lit "load1u " 00 call @emit
:is_value leave

:want_lvalue enter %0
  load @lvalue jz @no_lvalue
  lit %0 save @lvalue leave
:no_lvalue lit @m_lvalue jmp @fail

# --- emit_store: stores B at A, as 'type' says
:emit_store enter %0
  load @type litb %1 eq jnz @store_char
  lit "store8" 0A 00 call @emit leave
:store_char lit "store1" 0A 00 call @emit leave

# --- binary(least): operators that bind at least so strongly, all of them left to right
:binary enter %32
  call @unary
:binary_more
  lit @operators save @from
:operator load @from load8 jz @binary_done
  movb load @word eq jnz @is_operator
  load @from litb %24 add save @from jmp @operator
:is_operator
  load @from put %-8
  litb %8 add load8 put %-16                         # how strongly it binds
  movb get %16 gts jnz @binary_done
  call @rvalue
  load @type put %-24
  call @next
  get %-16 litb %2 les jnz @logical
  lit "push " 000000 call @emit
  get %-16 litb %1 add push call @binary drop %8
  call @rvalue
  lit "popb " 000000 call @emit
  get %-8 litb %16 add load8 call @emit              # the macro of the same meaning
  lit " " 00000000000000 call @emit
  lit %0 save @type
  get %-16 litb %9 ne jnz @binary_more
  get %-24 save @type jmp @binary_more               # a pointer, if + or - had one on the left
:logical                                             # the right side may be passed over
  get %-8 litb %16 add load8 call @emit              # jz or jnz
  call @new_label put %-32
  lit " @l" 0000000000 call @emit get %-32 call @emit_number
  get %-16 litb %1 add push call @binary drop %8
  call @rvalue
  get %-32 call @emit_label
  lit "not not " call @emit                          # 0 or 1
  lit %0 save @type jmp @binary_more
:binary_done leave

:operators
"||" 000000000000 %1 "jnz" 0000000000
"&&" 000000000000 %2 "jz" 000000000000
"|" 00000000000000 %3 "or" 000000000000
"^" 00000000000000 %4 "xor" 0000000000
"&" 00000000000000 %5 "and" 0000000000
"==" 000000000000 %6 "eq" 000000000000
"!=" 000000000000 %6 "ne" 000000000000
"<" 00000000000000 %7 "lts" 0000000000
"<=" 000000000000 %7 "les" 0000000000
">" 00000000000000 %7 "gts" 0000000000
">=" 000000000000 %7 "ges" 0000000000
"<<" 000000000000 %8 "shl" 0000000000
">>" 000000000000 %8 "sar" 0000000000
"+" 00000000000000 %9 "add" 0000000000
"-" 00000000000000 %9 "sub" 0000000000
"*" 00000000000000 %10 "mul" 0000000000
"/" 00000000000000 %10 "divs" 00000000
"%" 00000000000000 %10 "mods" 00000000
%0

# --- unary: a unary operator and its operand, or a postfix expression
:unary enter %0
  load @word litb "!" 00000000000000 eq jnz @negation
  load @word litb "-" 00000000000000 eq jnz @minus
  load @word litb "~" 00000000000000 eq jnz @complement
  load @word litb "*" 00000000000000 eq jnz @star
  call @primary call @postfix leave
:negation call @operand lit "not " 00000000 call @emit leave
:minus call @operand lit "neg " 00000000 call @emit leave
:complement call @operand
  lit "litb %-1" call @emit lit " xor " 000000 call @emit leave
:star call @next call @unary call @rvalue
:points load @type litb %2 lts jnz @no_pointer
  load @type litb %2 sub save @type
  lit %1 save @lvalue leave
:no_pointer lit @m_pointer jmp @fail
:operand enter %0
  call @next call @unary call @rvalue
  lit %0 save @type leave

# --- postfix: what may follow a primary expression
:postfix enter %8
:postfix_more
  load @word litb "[" 00000000000000 eq jnz @index
  load @word litb "++" 000000000000 eq jnz @increment
  load @word litb "--" 000000000000 eq jnz @increment
  leave
:index call @rvalue
  load @type put %-8
  lit "push " 000000 call @emit
  call @next call @value
  lit "]" 00000000000000 call @expect
  get %-8 litb %3 eq jnz @bytes
  lit "litb %3 " call @emit lit "shl " 00000000 call @emit
:bytes lit "popb add" call @emit lit " " 00000000000000 call @emit
  get %-8 save @type
  litb %2 lts jnz @no_pointer
  load @type litb %2 sub save @type
  lit %1 save @lvalue jmp @postfix_more
:increment call @want_lvalue
  load @word put %-8
  lit "push loa" call @emit lit "d8 litb " call @emit lit "%1 " 0000000000 call @emit
  call @emit_step lit "popb sto" call @emit lit "re8 litb" call @emit lit " %1 " 00000000 call @emit
  get %-8 litb %1542 xor save @word call @emit_step  # ++ and -- differ by these bits: take the step back
  call @next jmp @postfix_more
:emit_step enter %0
  load @word litb "++" 000000000000 eq jnz @step_up
  lit "sub " 00000000 call @emit leave
:step_up lit "add " 00000000 call @emit leave

# --- primary
:primary enter %16
  load @kind litb '0 eq jnz @number
  load @kind litb '" eq jnz @string
  load @kind litb 'a eq jnz @name
  lit "(" 00000000000000 call @expect
  call @expression
  lit ")" 00000000000000 call @expect leave
:number lit "lit %" 000000 call @emit
  load @number_value call @emit_number
  lit %0 save @type save @lvalue
  call @next leave
:string lit "lit @s" 0000 call @emit
  load @strings_end litb @strings sub call @emit_number
  lit " " 00000000000000 call @emit
  load @out put %-8 load @strings_end save @out      # its bytes go to 'strings', in hex
  litb @strings sub put %-16
  lit ":s" 000000000000 call @emit get %-16 call @emit_number
  lit " " 00000000000000 call @emit
:string_part load @token litb %1 add save @p
:string_byte load @p load1u litb '" eq jnz @string_end
  call @character call @emit_byte jmp @string_byte
:string_end load @p litb %1 add save @p
  call @next
  load @kind litb '" eq jnz @string_part
  lit "00" 0A 0000000000 call @emit
  load @out save @strings_end litb @strings_limit gtu jnz @too_large
  get %-8 save @out
  lit %3 save @type lit %0 save @lvalue leave
:name call @lookup jz @unknown
  put %-8
  litb e_type add load8 save @type
  call @next
  lit %1 save @lvalue
  get %-8 litb e_kind add load8 movb
  lit %3 eq jnz @function_call
  lit %4 eq jnz @in_frame
  lit %5 eq jnz @constant
  lit %1 eq jnz @global
  lit %0 save @lvalue                                # an array is the address of its first element
:global lit "lit @" 000000 call @emit get %-8 call @emit_name leave
:in_frame lit "lit %" 000000 call @emit
  get %-8 litb e_value add load8 call @emit_number
  lit " local " 00 call @emit leave
:constant lit "lit %" 000000 call @emit
  get %-8 litb e_value add load8 call @emit_number
  lit %0 save @type save @lvalue leave
:function_call lit "(" 00000000000000 call @expect
  load @type put %-16
  lit %0 push                                        # the number of arguments, on the stack
  load @word litb ")" 00000000000000 eq jnz @called
:argument call @value lit "push " 000000 call @emit
  pop litb %1 add push
  load @word litb "," 00000000000000 ne jnz @called
  call @next jmp @argument
:called lit ")" 00000000000000 call @expect
  lit "call @" 0000 call @emit get %-8 call @emit_name
  lit "drop %" 0000 call @emit pop litb %8 mul call @emit_number
  get %-16 save @type lit %0 save @lvalue leave
:unknown lit @m_unknown jmp @fail
:too_large lit @m_large jmp @fail

# ================ statements

:statement enter %48
  load @word litb "{" 00000000000000 eq jnz @block
  load @word litb "if" 000000000000 eq jnz @if
  load @word litb "while" 000000 eq jnz @while
  load @word litb "for" 0000000000 eq jnz @for
  load @word litb "return" 0000 eq jnz @return
  load @word litb "break" 000000 eq jnz @break
  load @word litb "continue" eq jnz @continue
  load @word litb ";" 00000000000000 eq jnz @ended
  call @is_type jnz @local_variable
  call @value
:ended lit ";" 00000000000000 call @expect
  lit 0A00000000000000 call @emit leave
:block call @next
:block_more load @word litb "}" 00000000000000 eq jnz @block_end
  load @kind litb '$ eq jnz @no_end
  call @statement jmp @block_more
:block_end call @next leave
:no_end lit @m_end jmp @fail
:if call @condition put %-8
  call @statement
  load @word litb "else" 00000000 eq jnz @else
  get %-8 call @emit_label leave
:else call @next
  call @new_label put %-16
  call @emit_jump
  get %-8 call @emit_label
  call @statement
  get %-16 call @emit_label leave
:while load @break_label put %-8 load @continue_label put %-16
  call @new_label put %-24 save @continue_label call @emit_label
  call @condition put %-32 save @break_label
:loop_body call @statement
  get %-24 call @emit_jump
  get %-32 call @emit_label
  get %-8 save @break_label get %-16 save @continue_label leave
:for load @break_label put %-8 load @continue_label put %-16
  call @next lit "(" 00000000000000 call @expect
  call @statement
  call @new_label put %-40 call @emit_label          # here the condition is checked
  call @value call @jump_if_zero put %-32 save @break_label
  lit ";" 00000000000000 call @expect
  call @new_label put %-48 call @emit_jump           # to the body
  call @new_label put %-24 save @continue_label call @emit_label
  call @value
  get %-40 call @emit_jump
  lit ")" 00000000000000 call @expect
  get %-48 call @emit_label jmp @loop_body
:break load @break_label jmp @leap
:continue load @continue_label
:leap jz @no_loop
  call @emit_jump call @next jmp @ended
:no_loop lit @m_loop jmp @fail
:return call @next
  load @word litb ";" 00000000000000 eq jnz @no_value
  call @value
:no_value lit "leave " 0000 call @emit jmp @ended
:local_variable call @specifier
:local_more call @declarator put %-8
  load @locals litb %-8 add save @locals
  litb %-256 lts jnz @too_large
  get %-8 litb e_value add push load @locals popb store8
  get %-8 litb e_kind add litb %4 store8
  load @word litb "=" 00000000000000 ne jnz @local_done
  call @next call @value
  lit "put %" 000000 call @emit
  get %-8 litb e_value add load8 call @emit_number
:local_done load @word litb "," 00000000000000 ne jnz @ended
  call @next jmp @local_more

# --- condition: ( expression ) and a jump, if it is 0, to a new label, which it returns
:condition enter %0
  call @next
  lit "(" 00000000000000 call @expect
  call @value
  lit ")" 00000000000000 call @expect
  call @jump_if_zero leave
:jump_if_zero enter %8
  call @new_label put %-8
  lit "jz @l" 000000 call @emit
  get %-8 call @emit_number
  get %-8 leave

# ================ declarations

# --- is_type: A = 1 if the token begins a type
:is_type enter %0
  load @word litb "long" 00000000 eq jnz @yes
  load @word litb "char" 00000000 eq jnz @yes
  load @word litb "void" 00000000 eq leave
:yes lit %1 leave

# --- specifier: the type before the stars, in 'base'
:specifier enter %0
  call @is_type jz @no_type
  load @word litb "char" 00000000 eq save @base
  call @next leave
:no_type lit @m_type jmp @fail

# --- declarator: { "*" } name; returns the name's new entry
:declarator enter %16
  load @base put %-8
:stars load @word litb "*" 00000000000000 ne jnz @declared
  get %-8 litb %2 add put %-8
  call @next jmp @stars
:declared call @define put %-16
  litb e_type add push get %-8 popb store8
  get %-16 leave

# --- constant: its value
:constant_value enter %8
  load @kind litb '0 eq jnz @literal
  load @kind litb 'a ne jnz @no_constant
  call @lookup jz @unknown
  put %-8 litb e_kind add load8 litb %5 ne jnz @no_constant
  get %-8 litb e_value add load8 save @number_value
:literal load @number_value put %-8
  call @next get %-8 leave
:no_constant lit @m_constant jmp @fail

# --- program: all declarations
:program enter %32
:program_more
  load @kind litb '$ eq jnz @program_end
  load @word litb "enum" 00000000 eq jnz @enum
  call @specifier
:global_more call @declarator put %-8
  load @word litb "(" 00000000000000 eq jnz @function
  lit %8 put %-16                                    # a variable of eight bytes
  get %-8 litb e_kind add litb %1 store8
  load @word litb "[" 00000000000000 ne jnz @variable
  get %-8 litb e_kind add litb %2 store8
  call @next call @constant_value put %-16
  lit "]" 00000000000000 call @expect
  get %-8 litb e_type add put %-24
  load8 litb %1 eq jnz @array_type
  get %-16 litb %8 mul put %-16
:array_type get %-24 push load8 litb %2 add popb store8
:variable
  load @out put %-24 load @memory_end save @out      # its memory goes to 'memory', by eight bytes
  lit ":" 00000000000000 call @emit get %-8 call @emit_name
  lit "+" 00000000000000 call @emit get %-16 litb %7 add litb %-8 and call @emit_number
  lit 0A00000000000000 call @emit
  load @out save @memory_end get %-24 save @out
  load @word litb "," 00000000000000 eq jnz @global_next
  lit ";" 00000000000000 call @expect jmp @program_more
:global_next call @next jmp @global_more
:program_end leave
:enum call @next lit "{" 00000000000000 call @expect
  lit %0 put %-16
:enum_more call @define put %-8
  litb e_kind add litb %5 store8
  load @word litb "=" 00000000000000 ne jnz @enum_value
  call @next call @constant_value put %-16
:enum_value get %-8 litb e_value add push get %-16 popb store8
  get %-16 litb %1 add put %-16
  load @word litb "," 00000000000000 ne jnz @enum_end
  call @next
  load @word litb "}" 00000000000000 ne jnz @enum_more
:enum_end lit "}" 00000000000000 call @expect
  lit ";" 00000000000000 call @expect jmp @program_more

:function get %-8 litb e_kind add litb %3 store8
  call @next
  load @entries_end put %-16                         # names from here on are local
  load @word litb ")" 00000000000000 eq jnz @parameters_end
:parameter call @specifier call @declarator litb e_kind add litb %4 store8
  load @word litb "," 00000000000000 ne jnz @parameters_end
  call @next jmp @parameter
:parameters_end lit ")" 00000000000000 call @expect
  lit %16 put %-24 load @entries_end                 # the last parameter lies at 16
:place litb entry_size sub put %-32
  movb get %-16 gtu jnz @placed
  get %-32 litb e_value add push get %-24 popb store8
  get %-24 litb %8 add put %-24
  get %-32 jmp @place
:placed
  load @word litb ";" 00000000000000 eq jnz @prototype
  lit ":" 00000000000000 call @emit get %-8 call @emit_name
  lit "enter %2" call @emit lit "56" 0A 0000000000 call @emit
  lit %0 save @locals
  call @statement
  lit "leave" 0A 0000 call @emit jmp @forget
:prototype call @next
:forget get %-16 movb load @entries_end eq jnz @program_more
  load @entries_end litb entry_size sub save @entries_end
  litb e_chain add load8 push load @entries_end load8 popb store8
  jmp @forget

# ================ names

# --- lookup: A = the entry of the name that is the token, or 0
:lookup enter %0
  lit %0 save @hash
  load @token save @from
:hash_more load @p movb load @from eq jnz @hash_done
  load @from load1u movb load @hash add litb %31 mul save @hash
  load @from litb %1 add save @from jmp @hash_more
:hash_done load @hash litb %4095 and litb %8 mul litb @chains add save @chain
  load8 save @entry
:candidate load @entry jz @not_found
  litb e_length add load8 push load @length popb ne jnz @other
  load @entry litb e_name add load8 save @from
  load @token save @to
:same load @p movb load @to eq jnz @found
  load @from load1u push load @to load1u popb ne jnz @other
  load @from litb %1 add save @from
  load @to litb %1 add save @to jmp @same
:other load @entry load8 save @entry jmp @candidate
:found load @entry leave
:not_found lit %0 leave

# --- define: A = a new entry for the name that is the token. A function declared before keeps its kind
:define enter %0
  load @kind litb 'a ne jnz @no_name
  call @lookup
  load @entries_end save @entry
  push load @chain load8 popb store8
  load @chain push load @entry popb store8
  litb e_chain add push load @chain popb store8
  load @entry litb e_name add push load @token popb store8
  load @entry litb e_length add push load @length popb store8
  load @entry litb entry_size add save @entries_end
  litb @entries_limit geu jnz @too_large
  call @next_keeping_entry leave
:next_keeping_entry enter %8
  load @entry put %-8 call @next get %-8 leave
:no_name lit @m_name jmp @fail

# ================ tokens

# --- next: the next token. 'token' is where it begins, p where it ends; 'kind' is a for a name, 0 for a number
# --- or character (number_value), " for a string, $ for the end, and ! for all others; 'word' is a name's first
# --- eight characters (0 if it has more) or an operator's one or two
:next enter %0
  lit %0 save @word
:blank load @p load1u movb
  lit %0 eq jnz @text_end
  lit '/ eq jnz @comment
  lit %32 ltu jnz @not_blank
:skip load @p litb %1 add save @p jmp @blank
:comment load @p litb %1 add load1u movb
  lit '/ eq jnz @line_comment
  lit '* eq jnz @block_comment
:not_blank load @p save @token load1u save @letter
  movb call @in_name jz @no_word
  load @letter litb '9 leu jnz @digits
  lit 'a save @kind
:word_more load @p movb load @token sub neg litb %8 geu jnz @word_longer
  load @token movb load @p sub litb @word add push load @letter popb store1
:word_longer load @p litb %1 add save @p load1u save @letter
  movb call @in_name jnz @word_more
  load @token movb load @p sub save @length
  litb %8 les jnz @next_done
  lit %0 save @word
:next_done leave
:text_end lit '$ save @kind load @p save @token leave
:line_comment load @p litb %1 add save @p load1u
  jz @blank litb %10 ne jnz @line_comment
  jmp @blank
:block_comment load @p litb %2 add save @p
:block_comment_more load @p load1u jz @no_end
  litb '* ne jnz @in_comment
  load @p litb %1 add load1u litb '/ ne jnz @in_comment
  load @p litb %2 add save @p jmp @blank
:in_comment load @p litb %1 add save @p jmp @block_comment_more
:digits lit '0 save @kind lit %0 save @number_value
:digit load @p load1u litb '0 sub save @letter
  litb %9 gtu jnz @digits_done
  load @number_value litb %922337203685477580 gtu jnz @bad_number
  load @number_value litb %10 mul movb load @letter add save @number_value
  litb %0 lts jnz @bad_number
  load @p litb %1 add save @p jmp @digit
:digits_done load @p load1u movb call @in_name jz @next_done
:bad_number lit @m_number jmp @fail
:no_word load @letter movb
  lit '" eq jnz @string_token
  lit '' eq jnz @character_token
  lit '! save @kind
  load @letter save @word
  load @p litb %1 add save @p load1u save @second
  litb '= eq jnz @pair                               # anything and =
  load @second movb load @letter ne jnz @next_done
  lit '& eq jnz @pair lit '| eq jnz @pair lit '+ eq jnz @pair lit '- eq jnz @pair
  lit '< eq jnz @pair lit '> eq jnz @pair
  leave
:pair load @second litb %256 mul movb load @letter add save @word
  load @p litb %1 add save @p leave
:string_token lit '" save @kind leave
:character_token lit '0 save @kind
  load @p litb %1 add save @p
  call @character save @number_value
  load @p load1u litb '' ne jnz @bad_character
  load @p litb %1 add save @p leave
:bad_character lit @m_character jmp @fail

# --- character: A = the character at p of a string or character constant; p moves behind it
:character enter %0
  load @p load1u save @letter
  load @p litb %1 add save @p
  load @letter litb %32 ltu jnz @bad_character
  load @letter litb '\ ne jnz @plain
  load @p load1u save @letter
  load @p litb %1 add save @p
  load @letter movb
  lit '0 eq jnz @zero lit 'n eq jnz @line_end lit 't eq jnz @tab lit 'r eq jnz @carriage_return
  lit '\ eq jnz @plain lit '' eq jnz @plain lit '" eq jnz @plain
  jmp @bad_character
:zero lit %0 leave
:line_end lit %10 leave
:tab lit %9 leave
:carriage_return lit %13 leave
:plain load @letter leave

# --- in_name: A = 1 if the character in B may stand in a name
:in_name enter %0
  lit '0 gtu jnz @no lit '9 geu jnz @in
  lit 'A gtu jnz @no lit 'Z geu jnz @in
  lit '_ eq jnz @in
  lit 'a gtu jnz @no lit 'z geu leave
:in lit %1 leave
:no lit %0 leave

# --- expect: the token must be the one in A
:expect enter %0
  movb load @word eq jz @unexpected
  call @next leave
:unexpected lit @m_token jmp @fail

# ================ output

# --- emit: the up to eight characters in A
:emit enter %0
  movb load @out store8
  load @out litb @code_limit geu jnz @too_large_now
  load @out litb %8 add save @to
:emit_more load @out load1u jz @emitted
  load @out litb %1 add save @out
  movb load @to ne jnz @emit_more
:emitted leave
:too_large_now jmp @too_large

# --- emit_number: the number in A, in decimal
:emit_number enter %8
  save @count litb %0 ges jnz @not_negative
  lit "-" 00000000000000 call @emit load @count neg save @count
:not_negative lit @digits_end save @from
:emit_digit load @from litb %1 sub save @from
  load @count litb %10 modu put %-8
  load @count litb %10 divu save @count
  get %-8 litb '0 add movb load @from store1
  load @count jnz @emit_digit
  lit @digits_end save @to
  call @append lit " " 00000000000000 call @emit leave

# --- emit_byte: A in two hex digits
:emit_byte enter %8
  put %-8 litb %4 shr call @emit_hex
  get %-8 litb %15 and call @emit_hex leave
:emit_hex enter %0
  movb lit %9 geu jnz @figure
  lit %55 jmp @add_digit
:figure lit '0
:add_digit add call @emit leave

# --- emit_name: _ and the name of the entry in A
:emit_name enter %8
  put %-8
  lit "_" 00000000000000 call @emit
  get %-8 litb e_name add load8 save @from
  movb get %-8 litb e_length add load8
  movb load @from add save @to
  call @append
  lit " " 00000000000000 call @emit leave

# --- new_label: A = a number not used yet; emit_label, emit_jump: the label in A, a jump to it
:new_label enter %0
  load @labels litb %1 add save @labels leave
:emit_label enter %8
  put %-8 lit 0A ":l" 0000000000 call @emit get %-8 call @emit_number leave
:emit_jump enter %8
  put %-8 lit "jmp @l" 0000 call @emit get %-8 call @emit_number leave

# ================ errors

# --- fail: A = a message. Prints FILE:LINE: MESSAGE: TOKEN and ends the program
:fail save @hash
  lit @text save @from lit %1 save @count
:fail_line load @token movb load @from eq jnz @fail_print
  load @from load1u litb %10 eq movb load @count add save @count
  load @from litb %1 add save @from jmp @fail_line
:fail_print
  lit @code save @out
  load @count call @emit_number
  load @out litb %1 sub litb %0 store1               # the line's number, without the blank
  load @file_name push call @print
  lit @m_line push call @print
  lit @code push call @print
  lit @m_colon push call @print
  load @hash push call @print
  lit @m_colon push call @print
  load @p movb load @token eq movb load @p add litb %0 store1
  load @token push call @print
:end_line lit @m_newline push call @print
  lit %1 push call @_os_exit

# --- print(string): on standard error
:print enter %0
  get %16 save @to
:print_more load @to load1u jz @print_all
  load @to litb %1 add save @to jmp @print_more
:print_all lit %2 push get %16 push movb load @to sub push call @_os_write leave

:m_file "cannot be read" 00
:m_output "cannot write" 00
:m_large "too large" 00
:m_lvalue "cannot be assigned to" 00
:m_pointer "no pointer" 00
:m_unknown "not declared" 00
:m_loop "not in a loop" 00
:m_type "a type is missing" 00
:m_constant "no constant" 00
:m_name "a name is missing" 00
:m_number "bad number" 00
:m_character "bad character" 00
:m_token "unexpected token" 00
:m_end "the text ends too early" 00
:m_line ":" 00
:m_colon ": " 00
:m_newline 0A00
:decimal 00000000000000000000000000000000 00000000
:digits_end 00 ^
:file_end

# --- variables
:p +8
:out +8
:token +8
:kind +8
:word +8
:length +8
:number_value +8
:letter +8
:second +8
:hash +8
:chain +8
:entry +8
:from +8
:to +8
:count +8
:file +8
:file_name +8
:type +8
:lvalue +8
:locals +8
:base +8
:labels +8
:break_label +8
:continue_label +8
:strings_end +8
:memory_end +8
:entries_end +8

# --- tables
:chains +32768
:entries +262144
:entries_limit +64
:strings +262144
:strings_limit +4096
:memory +65536
:code +4194304
:code_limit +4096
:text +1048576
:text_limit +1048576
:mem_end
