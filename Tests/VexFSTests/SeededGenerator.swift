@testable import VexFS

/// The tests' random numbers: the same for the same seed.
typealias SeededGenerator = SeededRandom
