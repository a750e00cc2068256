import CFuseShim
import Glibc

/// One option of a verb.
struct Option: Sendable {
    let long: String
    var short: Character?
    /// The argument's name in help texts, or nil where the option takes none.
    var argument: String?
    let help: String

    /// Every verb has it.
    static let help = Option(long: "help", short: "h", help: "print this and end")
}

/// A command line taken apart.
struct ParsedArguments: Sendable {
    /// Options in the order given, by their long names.
    var options: [(name: String, value: String)] = []
    /// What is not an option.
    var operands: [String] = []

    /// The value of an option (the last one given), "" for one without an argument, nil where it was not given.
    func value(_ name: String) -> String? { options.last { $0.name == name }?.value }

    /// Whether an option was given.
    func has(_ name: String) -> Bool { value(name) != nil }

    /// An option's value as a number in a range.
    func number<Number: FixedWidthInteger>(_ name: String, in range: ClosedRange<Number>) throws(Failure) -> Number? {
        guard let text = value(name) else { return nil }
        guard let number = Number(text), range.contains(number) else {
            throw Failure(
                .usage, "--\(name) takes a number from \(range.lowerBound) to \(range.upperBound), not \"\(text)\"")
        }
        return number
    }
}

/// `getopt_long(3)` for Swift.
enum OptionParser {
    /// Takes arguments apart.
    /// - Parameter permute: whether options may follow operands; without, the first operand ends the options.
    static func parse(_ arguments: [String], options: [Option], permute: Bool) throws(Failure) -> ParsedArguments {
        // strdup: getopt keeps pointers into the vector between calls. Freed below, after the last use.
        var vector: [UnsafeMutablePointer<CChar>?] = (["vexfs-fuse"] + arguments).map { strdup($0) }
        vector.append(nil)
        let names = options.map { strdup($0.long) }
        defer {
            for pointer in vector + names { free(pointer) }
        }
        // Values above every character number a long option; a short one gets the same value by its position.
        var longs = zip(options, names).enumerated().map { index, pair in
            option(
                name: pair.1, has_arg: pair.0.argument == nil ? no_argument : required_argument, flag: nil,
                val: Int32(256 + index))
        }
        longs.append(option())
        let shorts = (permute ? ":" : "+:") + options.map(shortForm).joined()
        return try scan(&vector, shorts: shorts, longs: longs, options: options)
    }

    private static func shortForm(_ option: Option) -> String {
        guard let short = option.short else { return "" }
        return "\(short)\(option.argument == nil ? "" : ":")"
    }

    private static func scan(
        _ vector: inout [UnsafeMutablePointer<CChar>?], shorts: String, longs: [option], options: [Option]
    ) throws(Failure) -> ParsedArguments {
        var parsed = ParsedArguments()
        let count = Int32(vector.count - 1)
        vexfs_options_begin()
        while true {
            var argument: UnsafePointer<CChar>?
            var unknown: Int32 = 0
            let value = vexfs_options_next(count, vector, shorts, longs, &argument, &unknown)
            if value == -1 { break }
            if value == Int32(UInt8(ascii: "?")) || value == Int32(UInt8(ascii: ":")) {
                let name = offender(vector, unknown: unknown, options: options)
                let isMissing = value == Int32(UInt8(ascii: ":"))
                // A known long option comes back as unknown when it was given an argument that it does not take.
                let problem = unknown >= 256 ? "takes no argument" : "is not an option here"
                throw Failure(.usage, "\(name) \(isMissing ? "needs an argument" : problem)")
            }
            guard let option = matching(value, options) else { continue }
            parsed.options.append((option.long, argument.map { String(cString: $0) } ?? ""))
        }
        for pointer in vector[Int(vexfs_options_index())..<Int(count)] {
            if let pointer { parsed.operands.append(String(cString: pointer)) }
        }
        return parsed
    }

    private static func matching(_ value: Int32, _ options: [Option]) -> Option? {
        if value >= 256 { return options[Int(value) - 256] }
        guard let scalar = Unicode.Scalar(UInt32(value)) else { return nil }
        return options.first { $0.short == Character(scalar) }
    }

    /// What to call the option that getopt stumbled over.
    private static func offender(
        _ vector: [UnsafeMutablePointer<CChar>?], unknown: Int32, options: [Option]
    ) -> String {
        if unknown > 0, unknown < 256, let scalar = Unicode.Scalar(UInt32(unknown)) { return "-\(Character(scalar))" }
        if unknown >= 256, let option = matching(unknown, options) { return "--\(option.long)" }
        let last = Int(vexfs_options_index()) - 1
        guard last > 0, last < vector.count, let pointer = vector[last] else { return "an option" }
        let text = String(cString: pointer)
        return String(text.prefix { $0 != "=" })
    }
}
