import Foundation

/// A reproducible source of randomness: the same seed gives the same sequence on every machine.
///
/// - Source: Steele, Lea & Flood 2014, SplitMix64 (doi:10.1145/2660193.2660195).
public struct SeededGenerator: RandomNumberGenerator, Sendable {
    private var state: UInt64

    /// Starts a sequence.
    public init(seed: UInt64) { state = seed }

    /// Starts a sequence from `VEXFS_TEST_SEED`, or from the clock, and prints the seed so that a failure can
    /// be repeated.
    public static func announced(for test: String) -> SeededGenerator {
        let seed = Environment["VEXFS_TEST_SEED"].flatMap(UInt64.init) ?? UInt64(Date().timeIntervalSince1970 * 1e6)
        FileHandle.standardError.write(Data("\(test): VEXFS_TEST_SEED=\(seed)\n".utf8))
        return SeededGenerator(seed: seed)
    }

    /// The next 64 bits.
    public mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }

    /// A number in the range.
    public mutating func pick(_ range: Range<Int>) -> Int { Int.random(in: range, using: &self) }

    /// Whether something of this probability happens.
    public mutating func chance(_ probability: Double) -> Bool { Double.random(in: 0..<1, using: &self) < probability }

    /// `[dimension] Float32`, every component a multiple of 1/64 in −1…1, so that it survives a trip through JSON.
    public mutating func vector(dimension: Int) -> [Float] {
        (0..<dimension).map { _ in Float(pick(-64..<65)) / 64 }
    }

    /// Lower-case letters.
    public mutating func word(length: Int) -> String {
        String(decoding: (0..<length).map { _ in UInt8(97 + pick(0..<26)) }, as: UTF8.self)
    }
}
