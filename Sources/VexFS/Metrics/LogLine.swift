import Glibc

/// Puts the parts of a log line together.
enum LogLine {
    /// `2026-01-31T12:00:00.123Z info  message name=value name="a value"`.
    static func appendText(
        _ line: inout [UInt8], time: timespec, level: Log.Level, message: String, fields: [Log.Field]
    ) {
        appendTime(&line, time)
        line.append(UInt8(ascii: " "))
        line.append(contentsOf: level.word.utf8)
        for _ in level.word.utf8.count..<6 { line.append(UInt8(ascii: " ")) }
        appendPlain(&line, message)
        for field in fields {
            line.append(UInt8(ascii: " "))
            line.append(contentsOf: field.name.utf8)
            line.append(UInt8(ascii: "="))
            if needsQuotes(field.value) {
                appendQuoted(&line, field.value)
            } else {
                line.append(contentsOf: field.value.utf8)
            }
        }
        line.append(UInt8(ascii: "\n"))
    }

    /// `{"time":"…","level":"info","message":"…","name":"value"}`.
    static func appendJSON(
        _ line: inout [UInt8], time: timespec, level: Log.Level, message: String, fields: [Log.Field]
    ) {
        line.append(contentsOf: #"{"time":""#.utf8)
        appendTime(&line, time)
        line.append(contentsOf: #"","level":""#.utf8)
        line.append(contentsOf: level.word.utf8)
        line.append(contentsOf: #"","message":"#.utf8)
        appendQuoted(&line, message)
        for field in fields {
            line.append(UInt8(ascii: ","))
            appendQuoted(&line, field.name)
            line.append(UInt8(ascii: ":"))
            appendQuoted(&line, field.value)
        }
        line.append(contentsOf: "}\n".utf8)
    }

    /// UTC with milliseconds, by RFC 3339.
    static func appendTime(_ line: inout [UInt8], _ time: timespec) {
        var seconds = time.tv_sec
        var parts = tm()
        gmtime_r(&seconds, &parts)
        appendNumber(&line, Int(parts.tm_year) + 1900, width: 4)
        line.append(UInt8(ascii: "-"))
        appendNumber(&line, Int(parts.tm_mon) + 1, width: 2)
        line.append(UInt8(ascii: "-"))
        appendNumber(&line, Int(parts.tm_mday), width: 2)
        line.append(UInt8(ascii: "T"))
        appendNumber(&line, Int(parts.tm_hour), width: 2)
        line.append(UInt8(ascii: ":"))
        appendNumber(&line, Int(parts.tm_min), width: 2)
        line.append(UInt8(ascii: ":"))
        appendNumber(&line, Int(parts.tm_sec), width: 2)
        line.append(UInt8(ascii: "."))
        appendNumber(&line, time.tv_nsec / 1_000_000, width: 3)
        line.append(UInt8(ascii: "Z"))
    }

    private static func appendNumber(_ line: inout [UInt8], _ value: Int, width: Int) {
        let digits = String(value).utf8
        for _ in 0..<max(0, width - digits.count) { line.append(UInt8(ascii: "0")) }
        line.append(contentsOf: digits)
    }

    private static func needsQuotes(_ value: String) -> Bool {
        value.isEmpty || value.utf8.contains { $0 <= 0x20 || $0 == 0x22 || $0 == 0x3D || $0 == 0x5C || $0 == 0x7F }
    }

    /// A message as it is, except that what could forge or break a line is escaped.
    private static func appendPlain(_ line: inout [UInt8], _ text: String) {
        for byte in text.utf8 {
            if byte < 0x20 || byte == 0x7F { appendEscape(&line, byte) } else { line.append(byte) }
        }
    }

    private static func appendQuoted(_ line: inout [UInt8], _ text: String) {
        line.append(0x22)
        for byte in text.utf8 {
            switch byte {
            case 0x22, 0x5C:
                line.append(0x5C)
                line.append(byte)
            case 0..<0x20, 0x7F: appendEscape(&line, byte)
            default: line.append(byte)
            }
        }
        line.append(0x22)
    }

    private static func appendEscape(_ line: inout [UInt8], _ byte: UInt8) {
        switch byte {
        case 0x0A: line.append(contentsOf: "\\n".utf8)
        case 0x0D: line.append(contentsOf: "\\r".utf8)
        case 0x09: line.append(contentsOf: "\\t".utf8)
        default:
            let digits = Array("0123456789abcdef".utf8)
            line.append(contentsOf: "\\u00".utf8)
            line.append(digits[Int(byte >> 4)])
            line.append(digits[Int(byte & 15)])
        }
    }
}
