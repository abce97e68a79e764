//! `rights`: a story about access, whose last step is the question.

use super::{Kind, Seen};
use crate::binary::Material;
use crate::check::LoadError;
use sealwright_rights::Guard;
use sealwright_rights::scenario::{Report, Scenario, run};

pub(crate) struct Rights;

impl Kind for Rights {
    const NAME: &'static str = "rights";
    const FAMILIES: &'static [&'static str] = &["RIGHT", "DEF", "EX"];
    const OPENS: bool = false;
    type In = Scenario;
    type Out = Report;

    fn run(input: &Scenario, _: Material<'_>) -> Result<Vec<Seen<Report>>, LoadError> {
        let told = run(input).map_err(|_| LoadError::material("a world that cannot be"))?;
        let Some(last) = told.report.decisions.last() else {
            return Err(LoadError::material("a story without a step"));
        };
        let code = last.code.as_deref().map(|code| {
            let mut codes = Guard::EVERY.iter().map(|guard| guard.code());
            codes.find(|known| *known == code).unwrap_or("unknown")
        });
        Ok(vec![Seen::whole("decide", code.map_or(Ok(told.report), Err), |_| 0)])
    }
}
