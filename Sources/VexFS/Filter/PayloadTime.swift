import Glibc

/// A moment as payloads hold it, in microseconds since 1970 in UTC.
public struct PayloadTime: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// Microseconds since 1970-01-01T00:00:00Z.
    public let microseconds: Int64

    /// Wraps a count of microseconds.
    public init(microseconds: Int64) { self.microseconds = microseconds }

    /// Reads an RFC 3339 time; also a date alone, a time without seconds, a space for the T, and a time without a zone,
    /// which is in UTC. Digits beyond microseconds are cut off. Nil for anything else.
    public init?(_ text: String) {
        var reader = TimeReader(text)
        guard let microseconds = reader.read() else { return nil }
        self.init(microseconds: microseconds)
    }

    /// The earlier one first.
    public static func < (left: PayloadTime, right: PayloadTime) -> Bool { left.microseconds < right.microseconds }

    /// The time in UTC: "2026-01-31T12:00:00Z", with a fraction of six digits where there is one.
    public var description: String {
        let (seconds, fraction) = microseconds.quotientAndRemainder(dividingBy: 1_000_000)
        var time = time_t(fraction < 0 ? seconds - 1 : seconds)
        var parts = tm()
        gmtime_r(&time, &parts)
        func padded(_ value: Int64, _ width: Int) -> String {
            let digits = String(value)
            return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
        }
        let date = [(Int64(parts.tm_year) + 1900, 4), (Int64(parts.tm_mon) + 1, 2), (Int64(parts.tm_mday), 2)]
        let clock = [parts.tm_hour, parts.tm_min, parts.tm_sec].map { padded(Int64($0), 2) }.joined(separator: ":")
        let rest = fraction < 0 ? fraction + 1_000_000 : fraction
        return date.map(padded).joined(separator: "-") + "T" + clock + (rest == 0 ? "" : "." + padded(rest, 6)) + "Z"
    }
}

/// Walks over the bytes of a time.
private struct TimeReader {
    private let bytes: [UInt8]
    private var place = 0

    init(_ text: String) {
        // Longer texts are no times, whatever they begin with.
        bytes = Array(text.utf8.prefix(64))
    }

    mutating func read() -> Int64? {
        guard let year = digits(4), take("-"), let month = digits(2), take("-"), let day = digits(2),
            (1...12).contains(month), day >= 1, day <= Self.days(in: month, year)
        else { return nil }
        let midnight = Self.daysSince1970(year, month, day) * 86_400
        if place == bytes.count { return midnight * 1_000_000 }
        guard take("T") || take("t") || take(" "), let hour = digits(2), hour < 24, take(":"), let minute = digits(2),
            minute < 60
        else { return nil }
        var second: Int64 = 0
        var fraction: Int64 = 0
        if take(":") {
            // 60 is a leap second, which counts as the first of the next minute.
            guard let read = digits(2), read <= 60 else { return nil }
            second = read
            if take(".") {
                guard let read = self.fraction() else { return nil }
                fraction = read
            }
        }
        guard let offset = zone(), place == bytes.count else { return nil }
        return (midnight + hour * 3600 + minute * 60 + second - offset) * 1_000_000 + fraction
    }

    /// Seconds that the zone is ahead of UTC.
    private mutating func zone() -> Int64? {
        if place == bytes.count || take("Z") || take("z") { return 0 }
        let isBehind = take("-")
        guard isBehind || take("+"), let hours = digits(2), hours < 24 else { return nil }
        var minutes: Int64 = 0
        if place < bytes.count {
            _ = take(":")
            guard let read = digits(2), read < 60 else { return nil }
            minutes = read
        }
        return (hours * 3600 + minutes * 60) * (isBehind ? -1 : 1)
    }

    private mutating func fraction() -> Int64? {
        let start = place
        var value: Int64 = 0
        var unit: Int64 = 100_000
        while place < bytes.count, bytes[place] &- UInt8(ascii: "0") < 10 {
            value += Int64(bytes[place] - UInt8(ascii: "0")) * unit
            unit /= 10
            place += 1
        }
        return place > start ? value : nil
    }

    private mutating func digits(_ count: Int) -> Int64? {
        guard place + count <= bytes.count else { return nil }
        var value: Int64 = 0
        for byte in bytes[place..<place + count] {
            guard byte &- UInt8(ascii: "0") < 10 else { return nil }
            value = value * 10 + Int64(byte - UInt8(ascii: "0"))
        }
        place += count
        return value
    }

    private mutating func take(_ sign: Unicode.Scalar) -> Bool {
        guard place < bytes.count, bytes[place] == UInt8(ascii: sign) else { return false }
        place += 1
        return true
    }

    private static func days(in month: Int64, _ year: Int64) -> Int64 {
        if month == 2 { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28 }
        return [4, 6, 9, 11].contains(month) ? 30 : 31
    }

    /// Days of the Gregorian calendar, counted in years that begin with March, so that the leap day is the last one.
    private static func daysSince1970(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let years = month > 2 ? year : year - 1
        let months = (month + 9) % 12
        // Year 0 began with March is 400 years of 146 097 days before year 400; `years` may be -1.
        let era = (years + 400) / 400 - 1
        let inEra = years - era * 400
        let days = inEra * 365 + inEra / 4 - inEra / 100 + (months * 153 + 2) / 5 + day - 1
        return era * 146_097 + days - 719_468
    }
}
