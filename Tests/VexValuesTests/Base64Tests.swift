import Foundation
import TestSupport
import Testing

@testable import VexValues

@Suite struct Base64Tests {
    @Test func textIsFoundations() {
        var random = SeededGenerator(seed: 7)
        for count in 0..<40 {
            let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
            var text: [UInt8] = []
            bytes.withUnsafeBytes { Base64.append($0, to: &text) }
            #expect(String(decoding: text, as: UTF8.self) == Data(bytes).base64EncodedString())
            #expect(text.count == Base64.length(ofBytes: count))
        }
    }

    @Test func vectorsComeBackExactly() {
        var random = SeededGenerator(seed: 8)
        for dimension in 1..<20 {
            let vector = (0..<dimension).map { _ in
                Float(bitPattern: UInt32.random(in: 0...UInt32.max, using: &random))
            }
            var text: [UInt8] = []
            vector.withUnsafeBytes { Base64.append($0, to: &text) }
            let back = Base64.vector(String(decoding: text, as: UTF8.self))
            #expect(back?.map(\.bitPattern) == vector.map(\.bitPattern))
        }
    }

    @Test(arguments: ["", "=", "AAAA", "AAAAA", "AAAAAA=", "AAAAAA===", "AAAA*A==", "A=AAAA==", "AAAAAAAA"])
    func whatIsNoVectorIsRefused(_ text: String) { #expect(Base64.vector(text) == nil) }
}
