import Foundation
import Testing

@testable import VexFS

@Suite struct PayloadTimeTests {
    @Test(arguments: [
        ("1970-01-01", 0), ("1970-01-01T00:00:00Z", 0), ("1970-01-01T00:00:01.5Z", 1_500_000),
        ("1970-01-01t01:00:00.000001+01:00", 1), ("1969-12-31T23:59:59.999999Z", -1), ("1970-01-01 00:01", 60_000_000),
        ("1970-01-01T00:00:00.1234567Z", 123_456), ("1970-01-01T00:00:00-0130", 5_400_000_000),
        ("1970-01-01T05:00:00+05", 0), ("2016-12-31T23:59:60Z", 1_483_228_800_000_000),
        ("2000-02-29", 951_782_400_000_000), ("0001-01-01T00:00:00Z", -62_135_596_800_000_000),
        ("0000-03-01", -62_162_035_200_000_000), ("9999-12-31T23:59:59.999999Z", 253_402_300_799_999_999),
    ]) func read(text: String, microseconds: Int64) {
        #expect(PayloadTime(text)?.microseconds == microseconds)
    }

    @Test(arguments: [
        "", "1970", "1970-1-1", "1970-13-01", "1970-02-30", "1900-02-29", "1970-01-00", "1970-01-01T",
        "1970-01-01T24:00",
        "1970-01-01T00:60", "1970-01-01T00:00:61Z", "1970-01-01T00:00:00.Z", "1970-01-01T00:00:00ZZ",
        "1970-01-01T00:00:00+24:00", "1970-01-01T00:00:00+1:00", "1970-01-01x", "x970-01-01", " 1970-01-01",
        "1970-01-01T00",
        "1970-01-01T00:00:00é",
    ]) func refused(text: String) {
        #expect(PayloadTime(text) == nil)
    }

    @Test func agreesWithTheCalendarOfTheSystem() throws {
        let seed: UInt64 = 0x71E
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<2000 {
            let seconds = Int.random(in: -62_135_596_800..<253_402_300_800, using: &generator)
            let text = PayloadTime(microseconds: Int64(seconds) * 1_000_000).description
            var parts = tm()
            var time = time_t(seconds)
            gmtime_r(&time, &parts)
            let expected = String(
                format: "%04d-%02d-%02dT%02d:%02d:%02dZ", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday,
                parts.tm_hour, parts.tm_min, parts.tm_sec)
            #expect(text == expected, "seed \(seed)")
            #expect(PayloadTime(text)?.microseconds == Int64(seconds) * 1_000_000, "seed \(seed) \(text)")
        }
        #expect(PayloadTime(microseconds: -1).description == "1969-12-31T23:59:59.999999Z")
    }
}
