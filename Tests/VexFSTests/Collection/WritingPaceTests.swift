import Testing

@testable import VexFS

@Suite struct WritingPaceTests {
    @Test func manyRowsASecondAreAHurry() {
        var pace = WritingPace()
        var now = 0.0
        #expect(pace.isHurried)
        func pass(_ rows: Row, _ seconds: Double) {
            now += seconds * 1e6
            pace.note(rows, now: now)
        }
        pass(100_000, 0)
        #expect(pace.isHurried)
        pass(100_000, 0.25)
        #expect(!pace.isHurried)
        pass(102_000, 0.25)
        #expect(pace.isHurried)
        pass(102_250, 0.25)
        #expect(!pace.isHurried)
        // Two looks within a moment say nothing.
        pass(103_000, 0.001)
        #expect(!pace.isHurried)
        // Rows that were cut off: another count begins.
        pass(5, 10)
        #expect(!pace.isHurried)
        pass(50_000, 1)
        #expect(pace.isHurried)
    }
}
