import Foundation
import Testing

@testable import VexFS

struct FormulaTests {
    /// The formula's value for a payload and scores.
    private func score(
        _ formula: String, defaults: String = "{}", payload: String = "{}", scores: [Float?] = [0.5]
    ) throws -> Float {
        let text = #"{"query":{"formula":\#(formula),"defaults":\#(defaults)},"prefetch":{}}"#
        let json = try JSON.parse(Array(text.utf8))
        guard case .formula(let read)? = try QueryOperation(qdrant: json).query else {
            throw VexFSError(.invalidQuery, "no formula")
        }
        let payload = try JSON.parse(Array(payload.utf8))
        return try read.score(
            Formula.Point(scores: scores, payload: payload, conditions: read.conditions.map { $0.matches(payload) }))
    }

    @Test(arguments: [
        ("1.5", 1.5), (#""$score""#, 0.5), (#""$score[1]""#, 0), (#""n""#, 3), (#"{"key":"n","range":{"gt":2}}"#, 1),
        (#"{"must_not":[{"key":"n","range":{"gt":2}}]}"#, 0), (#"{"mult":[2,"n",0.5]}"#, 3), (#"{"mult":[]}"#, 1),
        (#"{"sum":[1,"n"]}"#, 4), (#"{"sum":[]}"#, 0), (#"{"max":[1,"n",-2]}"#, 3), (#"{"min":[1,"n",-2]}"#, -2),
        (#"{"neg":"n"}"#, -3), (#"{"abs":-2.5}"#, 2.5), (#"{"div":{"left":"n","right":2}}"#, 1.5),
        (#"{"div":{"left":"n","right":0,"by_zero_default":7}}"#, 7), (#"{"div":{"left":0,"right":0}}"#, 0),
        (#"{"sqrt":9}"#, 3), (#"{"pow":{"base":2,"exponent":"n"}}"#, 8), (#"{"exp":0}"#, 1), (#"{"log10":1000}"#, 3),
        (#"{"ln":1}"#, 0), (#"{"acosh":1}"#, 0), (#"{"datetime":"1970-01-01T00:01:40Z"}"#, 100),
        (#"{"datetime_key":"when"}"#, 1), (#"{"geo_distance":{"origin":{"lon":0,"lat":0},"to":"here"}}"#, 111_195.08),
        (#"{"lin_decay":{"x":1}}"#, 0.5), (#"{"lin_decay":{"x":9}}"#, 0), (#"{"exp_decay":{"x":2}}"#, 0.25),
        (#"{"gauss_decay":{"x":2}}"#, 0.0625), (#"{"gauss_decay":{"x":"n","target":{"sum":[1,2]}}}"#, 1),
        (#"{"exp_decay":{"x":-4,"scale":4,"midpoint":0.1}}"#, 0.1), (#""list[1].m""#, 4), (#""only""#, 6),
        // What stands behind a factor of 0 is not looked at.
        (#"{"mult":[0,"missing"]}"#, 0),
    ])
    func everyExpressionHasItsValue(formula: String, expected: Float) throws {
        let payload = #"""
            {"n":3,"when":"1970-01-01T00:00:01Z","here":{"lon":1,"lat":0},"list":[{"m":2},{"m":4}],"only":[6]}
            """#
        let found = try score(formula, payload: payload)
        #expect(abs(found - expected) <= 1e-6 * max(1, abs(expected)))
    }

    @Test func missingValuesComeFromTheDefaults() throws {
        #expect(try score(#""n""#, defaults: #"{"n":2}"#) == 2)
        #expect(try score(#""n""#, defaults: #"{"n":2}"#, payload: #"{"n":5}"#) == 5)
        #expect(try score(#""n""#, defaults: #"{"n":2}"#, payload: #"{"n":[]}"#) == 2)
        #expect(try score(#""$score[1]""#, defaults: #"{"$score[1]":2}"#) == 2)
        #expect(try score(#""$score""#, defaults: #"{"$score[0]":2}"#, scores: [nil]) == 2)
        #expect(try score(#""$score""#, defaults: #"{"$score":"x"}"#, scores: [nil]) == 0)
        #expect(try score(#"{"datetime_key":"t"}"#, defaults: #"{"t":"1970-01-02"}"#) == 86_400)
    }

    @Test(arguments: [
        #""missing""#, #""text""#, #""several""#, #""flag""#, #""nothing""#, #"{"datetime_key":"n"}"#,
        #"{"geo_distance":{"origin":{"lon":0,"lat":0},"to":"n"}}"#, #"{"div":{"left":1,"right":0}}"#, #"{"sqrt":-1}"#,
        #"{"ln":0}"#, #"{"log10":-1}"#, #"{"exp":1000}"#, #"{"pow":{"base":-8,"exponent":0.5}}"#, #"{"acosh":0.5}"#,
        #"{"mult":[1e30,1e30]}"#,
    ])
    func whatHasNoFiniteValueIsRefused(formula: String) {
        let payload = #"{"n":3,"text":"3","several":[1,2],"flag":true,"nothing":null}"#
        let error = #expect(throws: VexFSError.self) { try score(formula, payload: payload) }
        #expect(error?.code == .invalidQuery)
    }

    @Test(arguments: [
        "null", "true", "[1]", #""$points""#, #""$score[x]""#, #""$score.x""#, #""$score[0][1]""#, #""a..b""#,
        #"{"div":{"left":1}}"#, #"{"pow":{"base":1,"exponent":2,"modulus":3}}"#, #"{"max":[]}"#, #"{"sum":3}"#,
        #"{"datetime":"soon"}"#, #"{"geo_distance":{"origin":{"lon":0},"to":"x"}}"#,
        #"{"lin_decay":{"x":1,"midpoint":1.5}}"#, #"{"exp_decay":{"x":1,"midpoint":0}}"#,
        #"{"gauss_decay":{"x":1,"scale":0}}"#,
    ])
    func whatIsNoFormulaIsRefused(formula: String) {
        #expect(throws: VexFSError.self) { try score(formula) }
    }

    @Test func deepFormulasAreRefusedOrComputed() throws {
        func nested(_ depth: Int) -> String {
            String(repeating: #"{"neg":"#, count: depth) + "1" + String(repeating: "}", count: depth)
        }
        // The parser allows 64 levels, two of which are the query's.
        #expect(try score(nested(40)) == 1)
        #expect(throws: VexFSError.self) { try score(nested(200)) }
    }
}
