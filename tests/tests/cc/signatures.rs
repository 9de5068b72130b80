// SPDX-License-Identifier: MIT
//! Random functions for the ABI test: structures and unions of many shapes, and functions that take and return them,
//! as the two C files of a program whose halves check every value that goes from one to the other.
//!
//! Everything follows from a seed. A value is checked scalar by scalar, bit-fields included; of a union, the member
//! that was written. Padding has no value.

use std::fmt::Write;

/// The two halves of a program; `main` is in `caller`.
pub struct Program {
    pub caller: String,
    pub callee: String,
}

/// A sequence of numbers that a seed determines (splitmix64).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ mixed >> 31
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }

    fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }
}

/// How the values of a scalar type are written.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Signed(u32),
    Unsigned(u32),
    Bool,
    Float,
    Double,
    LongDouble,
    Pointer,
}

use Kind::*;

/// Plain `char` has a sign on one architecture and none on the other: it holds seven bits.
const SCALARS: [(&str, Kind); 16] = [
    ("char", Unsigned(7)),
    ("signed char", Signed(8)),
    ("unsigned char", Unsigned(8)),
    ("_Bool", Bool),
    ("short", Signed(16)),
    ("unsigned short", Unsigned(16)),
    ("int", Signed(32)),
    ("unsigned", Unsigned(32)),
    ("long", Signed(64)),
    ("unsigned long long", Unsigned(64)),
    ("void *", Pointer),
    ("float", Float),
    ("float", Float),
    ("double", Double),
    ("double", Double),
    ("long double", LongDouble),
];

/// What the default promotions leave as it is: the last named parameter before `...`, and what follows it.
const PROMOTED: [usize; 7] = [6, 7, 8, 9, 10, 13, 15];

#[derive(Clone, Copy)]
enum Type {
    Scalar(usize),
    Record(usize),
}

struct Member {
    name: String,
    of: Type,
    /// The lengths of the dimensions of an array.
    lengths: Vec<usize>,
    /// Of a bit-field.
    width: Option<u32>,
}

struct Record {
    is_union: bool,
    members: Vec<Member>,
}

/// One scalar of a value: how it is reached from the whole, and what it is.
type Leaf = (String, String);

struct Generator {
    random: Random,
    records: Vec<Record>,
    /// Definitions that both halves have.
    shared: String,
    caller: String,
    callee: String,
}

/// A program of `functions` functions.
pub fn program(seed: u64, functions: usize) -> Program {
    let head = "typedef __builtin_va_list va_list;\n\
                int printf(const char *, ...);\nvoid *memset(void *, int, unsigned long);\n\
                #define CHECK(c) do { if (!(c)) failures++, printf(\"%s:%d\\n\", __FILE__, __LINE__); } while (0)\n\
                extern int failures;\n";
    let mut it = Generator {
        random: Random(seed),
        records: Vec::new(),
        shared: head.into(),
        caller: String::new(),
        callee: String::new(),
    };
    for _ in 0..6 + it.random.below(10) {
        it.record();
    }
    let mut main = String::from("int failures;\nint main(void)\n{\n");
    for number in 0..functions {
        it.function(number);
        writeln!(main, "    call{number}();").unwrap();
    }
    main += "    printf(\"%d\\n\", failures);\n    return failures != 0;\n}\n";
    Program { caller: format!("{}{}{main}", it.shared, it.caller), callee: it.shared + &it.callee }
}

impl Generator {
    fn scalar(&mut self) -> Type {
        Type::Scalar(self.random.below(SCALARS.len()))
    }

    fn any_record(&mut self) -> Type {
        Type::Record(self.random.below(self.records.len()))
    }

    fn name(&self, of: Type) -> String {
        match of {
            Type::Scalar(index) => SCALARS[index].0.into(),
            Type::Record(index) if self.records[index].is_union => format!("union R{index}"),
            Type::Record(index) => format!("struct R{index}"),
        }
    }

    /// Declares one more structure or union, of scalars and of those that are there.
    fn record(&mut self) {
        let is_union = self.random.one_in(5);
        // Some are of one type only: those go to floating registers on AArch64, up to four together
        let uniform = self.random.one_in(3).then(|| self.scalar());
        let attribute = match self.random.below(24) {
            0 | 1 => " __attribute__((packed))",
            2 => " __attribute__((aligned(16)))",
            3 => " __attribute__((packed, aligned(4)))",
            _ => "",
        };
        let mut members = Vec::new();
        let count = if self.random.one_in(20) { 0 } else { 1 + self.random.below(5) };
        for number in 0..count {
            let mut member =
                Member { name: format!("m{number}"), of: self.scalar(), lengths: Vec::new(), width: None };
            match self.random.below(12) {
                0..3 if uniform.is_none() && !self.records.is_empty() => member.of = self.any_record(),
                3 | 4 => member.lengths = vec![1 + self.random.below(4)],
                5 => member.lengths = vec![1 + self.random.below(2), 1 + self.random.below(3)],
                6..9 if uniform.is_none() => {
                    member.of = Type::Scalar(1 + self.random.below(9));
                    let Type::Scalar(index) = member.of else { unreachable!() };
                    let bits = match SCALARS[index].1 {
                        Signed(bits) | Unsigned(bits) => bits,
                        _ => 1,
                    };
                    // cc knows no field over nine bytes
                    let most = if attribute.contains("packed") { bits.min(57) } else { bits };
                    member.width = Some(1 + self.random.below(most as usize) as u32);
                }
                _ => {}
            }
            if let Some(of) = uniform {
                member.of = of;
            }
            members.push(member);
        }
        let number = self.records.len();
        let (before, behind) = if self.random.one_in(2) { (attribute, "") } else { ("", attribute) };
        let mut text = format!("{}{before} R{number} {{", if is_union { "union" } else { "struct" });
        for member in &members {
            write!(text, " {} {}", self.name(member.of), member.name).unwrap();
            member.lengths.iter().for_each(|length| write!(text, "[{length}]").unwrap());
            match member.width {
                Some(width) => write!(text, " : {width};").unwrap(),
                None => text.push(';'),
            }
            if member.width.is_some() && self.random.one_in(6) {
                text += [" int : 0;", " int : 3;", " long : 0;", " char : 0;"][self.random.below(4)];
            }
        }
        writeln!(self.shared, "{text} }}{behind};").unwrap();
        self.records.push(Record { is_union, members });
        let of = Type::Record(number);
        let made = self.value(of);
        let name = self.name(of);
        writeln!(self.shared, "{name} make{number}(void);").unwrap();
        writeln!(
            self.callee,
            "{name} make{number}(void)\n{{\n{}    return r;\n}}",
            self.filled(of, "r", &made)
        )
        .unwrap();
        writeln!(
            self.caller,
            "static void check{number}({name} *p)\n{{\n    {name} r = *p;\n{}}}",
            checks("r", &made)
        )
        .unwrap();
    }

    fn literal(&mut self, kind: Kind, width: Option<u32>) -> String {
        let raw = match self.random.below(5) {
            0 => u64::MAX,
            1 => 0x5555_5555_5555_5555 << self.random.below(2),
            _ => self.random.next(),
        };
        match kind {
            Signed(bits) => {
                let unused = 64 - width.unwrap_or(bits);
                let value = (raw << unused) as i64 >> unused;
                // the smallest number has no literal
                format!("({}L - 1)", value.wrapping_add(1).max(i64::MIN + 1))
            }
            Unsigned(bits) => format!("{}UL", raw >> (64 - width.unwrap_or(bits))),
            Bool => format!("{}", raw & 1),
            Float => format!("{:?}f", (raw as i64 >> 42) as f64 / 4.0),
            Double => format!("{:?}", (raw as i64 >> 14) as f64 / 4096.0),
            LongDouble => format!("{}.5L", raw as i64 >> 3),
            Pointer => format!("(void *){raw}UL"),
        }
    }

    /// A value of a type: of a union, one of its members.
    fn value(&mut self, of: Type) -> Vec<Leaf> {
        let number = match of {
            Type::Scalar(index) => return vec![(String::new(), self.literal(SCALARS[index].1, None))],
            Type::Record(number) => number,
        };
        let count = self.records[number].members.len();
        let one = self.records[number].is_union && count > 0;
        let chosen = one.then(|| self.random.below(count));
        let mut leaves = Vec::new();
        for index in (0..count).filter(|index| chosen.is_none_or(|chosen| chosen == *index)) {
            let member = &self.records[number].members[index];
            let (name, of, width) = (member.name.clone(), member.of, member.width);
            let lengths = member.lengths.clone();
            for place in 0..lengths.iter().product() {
                let mut path = format!(".{name}");
                let mut rest: usize = place;
                for length in lengths.iter().rev() {
                    path.insert_str(name.len() + 1, &format!("[{}]", rest % length));
                    rest /= length;
                }
                if let (Type::Scalar(index), Some(_)) = (of, width) {
                    leaves.push((path, self.literal(SCALARS[index].1, width)));
                } else {
                    let inner = self.value(of);
                    leaves.extend(inner.into_iter().map(|(end, value)| (format!("{path}{end}"), value)));
                }
            }
        }
        leaves
    }

    /// The definition of a variable that holds a value, with ones in the padding.
    fn filled(&self, of: Type, variable: &str, leaves: &[Leaf]) -> String {
        let mut text = format!("    {} {variable};\n", self.name(of));
        writeln!(text, "    memset(&{variable}, -1, sizeof {variable});").unwrap();
        for (path, value) in leaves {
            writeln!(text, "    {variable}{path} = {value};").unwrap();
        }
        text
    }

    /// One function in `callee`, and what calls it in `caller`.
    fn function(&mut self, number: usize) {
        let many = if self.random.one_in(4) { 16 } else { 7 };
        let mut parameters: Vec<Type> = (0..self.random.below(many))
            .map(|_| if self.random.one_in(2) { self.any_record() } else { self.scalar() })
            .collect();
        let mut rest = Vec::new();
        let variadic = !parameters.is_empty() && self.random.one_in(3);
        if variadic {
            if let Some(Type::Scalar(last)) = parameters.last_mut() {
                *last = PROMOTED[self.random.below(PROMOTED.len())];
            }
            rest = (0..self.random.below(9))
                .map(|_| match self.random.one_in(2) {
                    true => self.any_record(),
                    false => Type::Scalar(PROMOTED[self.random.below(PROMOTED.len())]),
                })
                .collect();
        }
        let result = match self.random.below(4) {
            0 => None,
            1 => Some(self.scalar()),
            _ => Some(self.any_record()),
        };
        let returns = result.map_or("void".into(), |of| self.name(of));
        let mut list: Vec<String> =
            parameters.iter().enumerate().map(|(index, of)| format!("{} a{index}", self.name(*of))).collect();
        if variadic {
            list.push("...".into());
        } else if list.is_empty() {
            list.push("void".into());
        }
        let list = list.join(", ");
        writeln!(self.shared, "{returns} f{number}({list});\nvoid rest{number}(va_list list);").unwrap();

        // The arguments: `made` are results of other calls
        let types: Vec<Type> = parameters.iter().chain(&rest).copied().collect();
        let values: Vec<Vec<Leaf>> = types.iter().map(|of| self.value(*of)).collect();
        let mut callee = format!("{returns} f{number}({list})\n{{\n");
        let mut reads = String::new();
        for (index, (of, value)) in types.iter().zip(&values).enumerate() {
            let variable = format!("a{index}");
            if index < parameters.len() {
                callee += &checks(&variable, value);
                writeln!(callee, "    memset(&{variable}, 90, sizeof {variable});").unwrap();
            } else {
                let name = self.name(*of);
                writeln!(reads, "    {name} {variable} = __builtin_va_arg(list, {name});").unwrap();
                reads += &checks(&variable, value);
            }
        }
        // What is variable is read here, or by the other half, or by both
        let readers = self.random.below(3);
        if variadic {
            let last = parameters.len() - 1;
            writeln!(callee, "    va_list list, copy;\n    __builtin_va_start(list, a{last});").unwrap();
            writeln!(callee, "    __builtin_va_copy(copy, list);").unwrap();
            if readers != 0 {
                callee += &reads;
            }
            if readers != 1 {
                writeln!(callee, "    rest{number}(copy);").unwrap();
            }
            callee += "    __builtin_va_end(copy);\n    __builtin_va_end(list);\n";
        }
        writeln!(self.caller, "void rest{number}(va_list list)\n{{\n{reads}}}").unwrap();
        let returned = result.map(|of| (of, self.value(of)));
        if let Some((of, value)) = &returned {
            callee += &self.filled(*of, "r", value);
            callee += "    return r;\n";
        }
        writeln!(self.callee, "{callee}}}").unwrap();

        // The call: by the name or by a pointer; the arguments must be as they were
        let mut caller = format!("static void call{number}(void)\n{{\n");
        let mut after = String::new();
        let mut arguments = Vec::new();
        for (index, (of, value)) in types.iter().zip(&values).enumerate() {
            if let Type::Scalar(scalar) = of
                && self.random.one_in(2)
            {
                arguments.push(format!("({}){}", SCALARS[*scalar].0, value[0].1));
                continue;
            }
            let variable = format!("a{index}");
            caller += &self.filled(*of, &variable, value);
            after += &checks(&variable, value);
            arguments.push(variable);
        }
        let function = if self.random.one_in(4) {
            writeln!(caller, "    {returns} (*volatile p)({list}) = f{number};").unwrap();
            "p".into()
        } else {
            format!("f{number}")
        };
        let call = format!("{function}({})", arguments.join(", "));
        match &returned {
            Some((of, value)) => {
                writeln!(caller, "    {} r = {call};", self.name(*of)).unwrap();
                caller += &checks("r", value);
            }
            None => writeln!(caller, "    {call};").unwrap(),
        }
        if let Type::Record(made) = self.any_record() {
            let name = self.name(Type::Record(made));
            writeln!(after, "    {name} made = make{made}();\n    check{made}(&made);").unwrap();
        }
        writeln!(self.caller, "{caller}{after}}}").unwrap();
    }
}

/// That a variable holds a value.
fn checks(variable: &str, leaves: &[Leaf]) -> String {
    leaves.iter().map(|(path, value)| format!("    CHECK({variable}{path} == {value});\n")).collect()
}
