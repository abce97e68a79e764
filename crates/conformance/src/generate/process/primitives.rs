//! `primitive`: the anchors in standards.

use super::reference;
use super::{Draft, Files, GenerateError, OWN, STANDARD, counting};
use crate::kinds::process::primitives::{Algorithm, Input, Output, Primitive};

pub(super) fn add(files: &mut Files) -> Result<(), GenerateError> {
    let mut draft: Draft<Primitive> = Draft::ours("process/primitive", "proc-primitive");
    let input = |algorithm, key: &str, nonce: &str, associated: &str, data: &str| Input {
        algorithm,
        key: key.to_lowercase(),
        nonce: nonce.to_lowercase(),
        associated: associated.to_lowercase(),
        data: data.to_lowercase(),
    };
    let out = |bytes: &str| Output { bytes: bytes.to_lowercase() };
    let (zero_key, zero_nonce) = ("00".repeat(32), "00".repeat(12));
    for (data, sealed, comment) in [
        ("", "530f8afbc74536b9a963b4f1c4cb738b", "test case 13 of the specification of GCM: nothing"),
        (
            "00000000000000000000000000000000",
            "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919",
            "test case 14: 16 zero bytes",
        ),
    ] {
        let seal = input(Algorithm::Aes256GcmSeal, &zero_key, &zero_nonce, "", data);
        draft.accepts("PROC-10", STANDARD, comment, seal, out(sealed), 0);
        let open = input(Algorithm::Aes256GcmOpen, &zero_key, &zero_nonce, "", sealed);
        draft.accepts("PROC-10", STANDARD, format!("{comment}, opened"), open, out(data), 0);
        let wrong = sealed.replacen(&sealed[..1], if sealed.starts_with('0') { "1" } else { "0" }, 1);
        let open = input(Algorithm::Aes256GcmOpen, &zero_key, &zero_nonce, "", &wrong);
        draft.refuses("PROC-10", STANDARD, format!("{comment}, damaged"), open, "rejected");
        let open = input(Algorithm::Aes256GcmOpen, &zero_key, &zero_nonce, "00", sealed);
        draft.refuses("PROC-10", STANDARD, format!("{comment}, other associated data"), open, "rejected");
    }
    draft.accepts(
        "PROC-20",
        STANDARD,
        "the tag of BIP 340's challenge, over nothing",
        input(Algorithm::TaggedHash, &hex::encode("BIP0340/challenge"), "", "", ""),
        out("c216d352f5818b7b4beacd4ae0a26fe888080823d2a598856661bcd54f1b3713"),
        0,
    );
    let tag = b"sealwright-process-1/commit";
    let data = counting::<70>();
    draft.accepts(
        "PROC-20",
        OWN,
        "the tag of commitments, over 70 bytes",
        input(Algorithm::TaggedHash, &hex::encode(tag), "", "", &hex::encode(data)),
        out(&hex::encode(reference::bip340(tag, &data))),
        0,
    );
    for (key, salt, info, output, comment) in [
        (
            "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b",
            "000102030405060708090a0b0c",
            "f0f1f2f3f4f5f6f7f8f9",
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf",
            "RFC 5869 test case 1, first 32 bytes",
        ),
        (
            "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b",
            "",
            "",
            "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d",
            "RFC 5869 test case 3, first 32 bytes",
        ),
    ] {
        draft.accepts("PROC-95", STANDARD, comment, input(Algorithm::HkdfSha256, key, salt, info, ""), out(output), 0);
    }
    for (text, canonical, comment) in [
        (
            "{\"numbers\":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],\"string\":\"\\u20ac$\\u000F\\u000aA'\\u0042\\u0022\\u005c\\\\\\\"\\/\",\"literals\":[null,true,false]}",
            "{\"literals\":[null,true,false],\"numbers\":[333333333.3333333,1e+30,4.5,0.002,1e-27],\"string\":\"\u{20ac}$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"}",
            "RFC 8785 section 3.2.2 and 3.2.3, the sample",
        ),
        (
            "{\"\\u20ac\":\"Euro Sign\",\"\\r\":\"Carriage Return\",\"\\ufb33\":\"Hebrew Letter Dalet With Dagesh\",\"1\":\"One\",\"\\ud83d\\ude00\":\"Emoji: Grinning Face\",\"\\u0080\":\"Control\",\"\\u00f6\":\"Latin Small Letter O With Diaeresis\"}",
            "{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\u{80}\":\"Control\",\"\u{f6}\":\"Latin Small Letter O With Diaeresis\",\"\u{20ac}\":\"Euro Sign\",\"\u{1f600}\":\"Emoji: Grinning Face\",\"\u{fb33}\":\"Hebrew Letter Dalet With Dagesh\"}",
            "RFC 8785 section 3.2.3, sorting by UTF-16",
        ),
        ("-0", "0", "RFC 8785 appendix B, minus zero"),
        ("5e-324", "5e-324", "RFC 8785 appendix B, the least number"),
        ("1.7976931348623157e308", "1.7976931348623157e+308", "RFC 8785 appendix B, the greatest number"),
        ("9007199254740992", "9007199254740992", "RFC 8785 appendix B, the greatest integer"),
    ] {
        let given = input(Algorithm::Jcs, "", "", "", "");
        let given = Input { data: hex::encode(text), ..given };
        draft.accepts("PROC-03", STANDARD, comment, given, out(&hex::encode(canonical)), 0);
    }
    bip340(&mut draft, input, out);
    // Multiples of the generator: the common point of two small private keys is known.
    let generator = "0279BE667EF9DCBBAC55A06295CE870B07029BFCDB2DCE28D959F2815B16F81798";
    let twice = "02C6047F9441ED7D6D3045406E95C07CD85C778E4B8CEF3CA7ABAC09B95C709EE5";
    let thrice = "02F9308A019258C31049344F85F89D5229B531C845836F99B08601F113BCE036F9";
    for (key, point, common) in [(1, twice, twice), (2, generator, twice), (3, generator, thrice), (1, thrice, thrice)]
    {
        let secret =
            reference::hkdf(&hex::decode(common).unwrap_or_default(), b"", b"sealwright-process-1/pair-secret");
        let given = input(Algorithm::PairSecret, &format!("{key:064x}"), "", "", point);
        draft.accepts("PROC-94", OWN, format!("private key {key}"), given, out(&hex::encode(secret)), 0);
    }
    for (key, point, comment) in [
        ("00".repeat(32), generator.to_owned(), "private key 0"),
        ("01".repeat(31), generator.to_owned(), "a private key of 31 bytes"),
        (format!("{:064x}", 1), format!("05{}", &generator[2..]), "a point with another first byte"),
        (format!("{:064x}", 1), generator[..64].to_owned(), "a point of 32 bytes"),
        (format!("{:064x}", 1), format!("02{}", "ff".repeat(32)), "a point that is not on the curve"),
    ] {
        draft.refuses("PROC-94", OWN, comment, input(Algorithm::PairSecret, &key, "", "", &point), "bad-value");
    }
    draft.finish(files)
}

/// BIP 340's own vectors 0 to 2, and what must not verify.
fn bip340(
    draft: &mut Draft<Primitive>,
    input: impl Fn(Algorithm, &str, &str, &str, &str) -> Input,
    out: impl Fn(&str) -> Output,
) {
    for (number, secret, public, auxiliary, message, signature) in [
        (
            0,
            "0000000000000000000000000000000000000000000000000000000000000003",
            "F9308A019258C31049344F85F89D5229B531C845836F99B08601F113BCE036F9",
            "0000000000000000000000000000000000000000000000000000000000000000",
            "0000000000000000000000000000000000000000000000000000000000000000",
            "E907831F80848D1069A5371B402410364BDF1C5F8307B0084C55F1CE2DCA821525F66A4A85EA8B71E482A74F382D2CE5EBEEE8FDB2172F477DF4900D310536C0",
        ),
        (
            1,
            "B7E151628AED2A6ABF7158809CF4F3C762E7160F38B4DA56A784D9045190CFEF",
            "DFF1D77F2A671C5F36183726DB2341BE58FEAE1DA2DECED843240F7B502BA659",
            "0000000000000000000000000000000000000000000000000000000000000001",
            "243F6A8885A308D313198A2E03707344A4093822299F31D0082EFA98EC4E6C89",
            "6896BD60EEAE296DB48A229FF71DFE071BDE413E6D43F917DC8DCF8C78DE33418906D11AC976ABCCB20B091292BFF4EA897EFCB639EA871CFA95F6DE339E4B0A",
        ),
        (
            2,
            "C90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B14E5C9",
            "DD308AFEC5777E13121FA72B9CC1B7CC0139715309B086C960E18FD969774EB8",
            "C87AA53824B4D7AE2EB035A2B5BBBCCC080E76CDC6D1692C4B0B62D798E6D906",
            "7E2D58D8B3BCDF1ABADEC7829054F90DDA9805AAB56C77333024B9D0A508B75C",
            "5831AAEED7B44BB74E5EAB94BA9D4294C49BCF2A60728D8B4C200F50DD313C1BAB745879A5AD954A72C45A91C3A51D3C7ADEA98D82F8481E0E1E03674A6F3FB7",
        ),
    ] {
        let sign = input(Algorithm::Bip340Sign, secret, auxiliary, "", message);
        draft.accepts("PROC-66", STANDARD, format!("BIP 340 vector {number}, signing"), sign, out(signature), 0);
        let verify = input(Algorithm::Bip340Verify, public, "", signature, message);
        draft.accepts("PROC-66", STANDARD, format!("BIP 340 vector {number}, verifying"), verify, out(""), 0);
        for (place, what) in [(1, "R"), (65, "s")] {
            let mut wrong = signature.to_owned();
            let digit = if &wrong[place..=place] == "0" { "1" } else { "0" };
            wrong.replace_range(place..=place, digit);
            let verify = input(Algorithm::Bip340Verify, public, "", &wrong, message);
            draft.refuses("PROC-66", STANDARD, format!("vector {number}, {what} changed"), verify, "bad-signature");
        }
        let verify = input(Algorithm::Bip340Verify, public, "", signature, &message.replacen(['0', '2', '7'], "8", 1));
        draft.refuses("PROC-66", STANDARD, format!("vector {number}, another message"), verify, "bad-signature");
        let verify = input(Algorithm::Bip340Verify, public, "", &signature[..126], message);
        draft.refuses("PROC-66", STANDARD, format!("vector {number}, cut"), verify, "bad-signature");
    }
    let nobody = "EEFDEA4CDB677750A420FEE807EACF21EB9898AE79B9768766E4FAA04A2D4A34";
    let verify = input(Algorithm::Bip340Verify, nobody, "", &"01".repeat(64), &"00".repeat(32));
    draft.refuses("PROC-66", STANDARD, "BIP 340 vector 5: a public key not on the curve", verify, "bad-signature");
}
