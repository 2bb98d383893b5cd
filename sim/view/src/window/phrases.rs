//! What became of an incident, in Chinese.
//!
//! The tape tells outcomes in English sentences. They are made of few phrases: each is known here, with gaps for names
//! and numbers. What is not known stays as it is.

use super::words::Language;

/// An English phrase and its Chinese one. A gap `{}` may hold a phrase or anything; gaps keep their order.
const PHRASES: &[(&str, &str)] = &[
    // People and vehicles.
    ("done", "完成"),
    ("went in", "进入室内"),
    ("at the car", "到达车位"),
    ("to the market", "买菜"),
    ("on an errand", "外出办事"),
    ("back from errands", "办事归来"),
    ("for a stroll", "散步"),
    ("with the dog", "遛狗"),
    ("to work", "上班"),
    ("to school", "上学"),
    ("from work", "下班"),
    ("from school", "放学"),
    ("to the night shift", "上夜班"),
    ("from the night shift", "下夜班"),
    ("with a meal", "送餐"),
    ("with parcels", "送快递"),
    ("at work here", "在小区工作"),
    ("home", "到家"),
    ("out of sight", "离开视野"),
    ("to a household", "到住户家"),
    ("turned away", "被劝返"),
    ("found no way", "无路可走"),
    ("parked", "已停车"),
    ("drove in", "驶入"),
    ("drove out", "驶出"),
    ("plate known", "车牌已登记"),
    ("plate misread", "车牌误读"),
    ("opened by hand", "人工抬杆"),
    ("read again", "重新识别"),
    ("visitor", "访客"),
    ("registered", "已登记"),
    ("registered from the duty room", "由值班室远程登记"),
    ("inside for {} min", "停留 {} 分钟"),
    ("waited {} s", "等候 {} 秒"),
    ("turned away: car park full", "车位已满，劝返"),
    ("under the arm raised for the vehicle before", "紧跟前车闯杆"),
    // Gate post and intercom.
    ("{} of {} guards busy", "{}/{} 名保安忙"),
    ("refused", "拒绝"),
    ("courier", "快递员"),
    ("flat declined", "住户拒绝"),
    ("not known to the flat", "住户不认识"),
    ("confirmed by the flat", "住户已确认"),
    ("flat did not answer", "住户未应答"),
    ("known by sight", "保安认识"),
    ("walked in unregistered: nobody at the post", "岗位无人，未登记进入"),
    ("through the lane behind a resident, unregistered", "尾随业主通过，未登记"),
    ("through the open door without ringing {}", "趁门未关进入，未呼叫 {}"),
    ("panic button pressed: a quarrel at the gate", "按下紧急按钮：门口发生争执"),
    ("confirmed and opened", "确认并开门"),
    ("no answer", "无人应答"),
    ("nobody at home", "家中无人"),
    // Guards and the duty room.
    ("on duty at midnight", "零点在岗"),
    ("took over", "接岗"),
    ("left", "离岗"),
    ("fell out", "因故缺岗"),
    ("gate post {}", "门卫岗 {}"),
    ("barrier {}", "车场岗 {}"),
    ("outer post {}", "外围岗 {}"),
    ("tour {}", "巡更 {}"),
    ("duty room {}", "值班室 {}"),
    ("cell {}", "网格 {}"),
    ("responder", "机动岗"),
    ("broken off", "中断"),
    ("{} points left", "剩余 {} 点"),
    ("sent elsewhere", "另有派遣"),
    ("not walked", "未巡"),
    ("nobody on duty for it", "无人当班"),
    ("the guard is still out", "保安尚未返回"),
    ("{} of {} points on time", "{}/{} 点按时"),
    ("{} early by {} s", "{} 提前 {} 秒"),
    ("{} late by {} s", "{} 迟到 {} 秒"),
    ("{} out of order", "{} 顺序错误"),
    ("{} missed", "{} 漏巡"),
    ("walked round", "巡查完毕"),
    ("called by voice", "口头呼叫"),
    ("could not get there", "无法到达"),
    ("nothing found", "未发现异常"),
    ("somebody found", "发现可疑人员"),
    ("traces found, nobody there", "发现痕迹，人已离开"),
    ("fire", "火情"),
    ("an object on the ground", "地面有坠物"),
    ("litter", "垃圾"),
    ("helped", "已协助"),
    ("as reported", "与报警相符"),
    ("noted", "已记录"),
    ("nobody free to look", "无人可派"),
    ("nobody in the duty room", "值班室无人"),
    ("open for {} s", "持续 {} 秒"),
    ("{} waited before it", "之前有 {} 条待处理"),
    ("{} repeats", "重复 {} 次"),
    // Intrusion.
    ("chance of being seen {} (nothing looks there)", "被发现概率 {}（无设备可见）"),
    ("chance of being seen {} ({})", "被发现概率 {}（{}）"),
    ("in through {} at {}", "由 {} 进入，位置 {}"),
    ("over {} at {}", "翻越 {}，位置 {}"),
    ("through {} at {}", "穿过 {}，位置 {}"),
    ("any way", "任意路线"),
    ("the quickest way", "最快路线"),
    ("the least seen way", "最隐蔽路线"),
    ("not interrupted", "未被拦截"),
    ("reached {}", "到达 {}"),
    ("stole", "得手"),
    ("left the same way", "原路离开"),
    ("stole from {}", "在 {} 盗窃"),
    ("caught", "被抓获"),
    ("interrupted", "被拦截"),
    ("met on his way out", "撤离时相遇"),
    ("fled without loot", "空手逃离"),
    ("fled with the loot", "携赃逃离"),
    ("turned away at the gate", "在门口被劝返"),
    ("no device noticed", "无设备发现"),
    ("noticed by {}", "发现设备：{}"),
    // Fire.
    ("complete", "齐全"),
    ("missing: {}", "缺失：{}"),
    ("charged at home; no device knows of it", "在家充电，无设备知晓"),
    ("full: {} Wh", "充满：{} Wh"),
    ("unplugged: {} Wh", "拔出：{} Wh"),
    ("fault: {} Wh", "故障断电：{} Wh"),
    ("{} bikes burned", "烧毁电动车 {} 辆"),
    ("peak {} kW", "峰值 {} kW"),
    ("put out with water", "用水扑灭"),
    ("burned out", "自行烧尽"),
    ("first alarm after {} s", "{} 秒后首次报警"),
    ("no device noticed it", "无设备发现"),
    ("alarm by {}", "报警：{}"),
    ("drill called by {}", "演练发起：{}"),
    ("radio", "对讲机"),
    ("people who saw flames", "目击者"),
    ("nobody came", "无人到场"),
    ("nobody came in time", "未及时到场"),
    ("no water", "未出水"),
    ("{} +{} s", "{} +{} 秒"),
    ("{} there", "{} 到场"),
    ("water on from {}", "{} 出水"),
    ("by {} from {} at {}", "{}，相距 {}，位置 {}"),
    ("{} m from {}", "距 {1} {0} 米"),
    ("{} from {}", "取 {}（{}）"),
    ("powder took it down", "干粉压制成功"),
    ("too large for powder", "火势过大，干粉无效"),
    ("extinguisher ready", "灭火器就位"),
    ("fire out", "火已扑灭"),
    ("extinguisher", "灭火器"),
    ("hose", "水带"),
    ("mask", "面具"),
    ("suit", "防护服"),
    ("axe", "消防斧"),
    ("wrench", "扳手"),
    ("torch", "手电"),
    // Facades.
    ("landed at {} with {} m/s", "落点 {}，速度 {} m/s"),
    ("nobody within {} m", "{} 米内无人"),
    ("no camera traced it", "无摄像机追溯"),
    ("traced by {}", "追溯设备：{}"),
    ("swept up", "已清扫"),
    ("seen by no camera", "无摄像机看到"),
    ("seen by {}", "看到的摄像机：{}"),
];

/// Joints of a sentence, the widest first, and the Chinese ones.
const JOINTS: [(&str, &str); 3] = [("; ", "；"), (": ", "："), (", ", "，")];

/// What became of an incident, in a language.
pub(super) fn outcome(text: &str, language: Language) -> String {
    match language {
        Language::English => text.to_owned(),
        Language::Chinese => chinese(text),
    }
}

fn chinese(text: &str) -> String {
    if let Some((phrase, gaps)) = PHRASES.iter().find_map(|(from, to)| Some((to, gaps(from, text)?))) {
        return fill(phrase, &gaps);
    }
    for (joint, chinese_joint) in JOINTS {
        let clauses = clauses(text, joint);
        if clauses.len() > 1 {
            return clauses.into_iter().map(chinese).collect::<Vec<_>>().join(chinese_joint);
        }
    }
    text.to_owned()
}

/// A text cut at a joint; what stands between brackets is not cut.
fn clauses<'a>(text: &'a str, joint: &str) -> Vec<&'a str> {
    let (mut out, mut from) = (Vec::new(), 0);
    for (at, _) in text.match_indices(joint) {
        let before = &text[from..at];
        if before.matches('(').count() == before.matches(')').count() {
            out.push(before);
            from = at + joint.len();
        }
    }
    out.push(&text[from..]);
    out
}

/// What stands in the gaps of a phrase, if the text is that phrase. A gap ends where the phrase goes on, and holds no
/// joint of a sentence, unless it is a list that ends the phrase.
fn gaps<'a>(phrase: &str, text: &'a str) -> Option<Vec<&'a str>> {
    let mut parts = phrase.split("{}").peekable();
    let mut rest = text.strip_prefix(parts.next()?)?;
    let mut found = Vec::new();
    while let Some(part) = parts.next() {
        let last = parts.peek().is_none();
        let end = if last { rest.strip_suffix(part)?.len() } else { rest.find(part)? };
        let (gap, after) = rest.split_at_checked(end)?;
        let list =
            last && (phrase.ends_with("by {}") || phrase.ends_with("({})") || phrase.ends_with(": {}"));
        if gap.is_empty() || JOINTS.iter().any(|(joint, _)| !list && clauses(gap, joint).len() > 1) {
            return None;
        }
        if list && gap.contains("; ") {
            return None;
        }
        found.push(gap);
        rest = &after[part.len()..];
    }
    rest.is_empty().then_some(found)
}

/// Puts translated gaps into a phrase, in their order or by number.
fn fill(phrase: &str, gaps: &[&str]) -> String {
    let mut out = phrase.to_owned();
    for (i, gap) in gaps.iter().enumerate() {
        let gap = chinese(gap);
        let numbered = format!("{{{i}}}");
        out =
            if out.contains(&numbered) { out.replace(&numbered, &gap) } else { out.replacen("{}", &gap, 1) };
    }
    out
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;
    use std::sync::Arc;

    use palisade_sim::contract::IncidentKind;
    use palisade_sim::model::load::{SourceText, load};
    use palisade_sim::whole::{Inputs, live};

    use super::*;

    #[test]
    fn sentences_are_put_together_from_their_phrases() {
        for (english, expected) in [
            ("drove in: plate known; waited 3 s", "驶入：车牌已登记；等候 3 秒"),
            ("cp-06 missed", "cp-06 漏巡"),
            (
                "over wall-north at (-19.0, 125.0) m, the least seen way; chance of being seen 1.00 (beam-14 0.98, \
                 cam-b21 0.98); not interrupted: reached b19, stole, left the same way; noticed by beam-14, cam-b21",
                "翻越 wall-north，位置 (-19.0, 125.0) m，最隐蔽路线；被发现概率 1.00（beam-14 0.98，cam-b21 0.98）；\
                 未被拦截：到达 b19，得手，原路离开；发现设备：beam-14，cam-b21",
            ),
            (
                "landed at (-125.4, 43.1) m with 21.2 m/s, nobody within 2 m; no camera traced it",
                "落点 (-125.4, 43.1) m，速度 21.2 m/s，2 米内无人；无摄像机追溯",
            ),
            ("a sentence that nobody knows", "a sentence that nobody knows"),
        ] {
            assert_eq!(outcome(english, Language::Chinese), expected);
            assert_eq!(outcome(english, Language::English), english);
        }
    }

    /// English words of the phrases that are left, names of devices, people and units apart.
    fn left_over(text: &str) -> Vec<String> {
        let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || "-_/.".contains(c)));
        let name = |w: &&str| w.contains(['-', '_', '/']) || w.chars().any(|c| c.is_ascii_digit());
        words
            .filter(|w| !w.is_empty() && !name(w) && !["m", "s", "kW", "Wh", "at"].contains(w))
            .map(str::to_owned)
            .collect()
    }

    #[test]
    fn every_outcome_of_the_shipped_days_is_known() {
        let scenarios = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios");
        let mut unknown = BTreeSet::new();
        let mut kinds = BTreeSet::new();
        for name in ["tiny", "cuiyuan"] {
            let text = |path: String| SourceText {
                text: std::fs::read_to_string(scenarios.join(&path)).expect("a shipped file"),
                name: path,
            };
            let site = text(format!("sites/{name}.geojson"));
            let scenario =
                Arc::new(load(&text(format!("{name}.toml")), Some(&site)).expect("a sound scenario"));
            let day = live(scenario.clone(), scenario.file.seed, &Inputs::default(), &mut |_| {});
            for incident in day.tape.incidents.iter().filter(|i| !i.outcome.is_empty()) {
                kinds.insert(incident.kind);
                let told = outcome(&incident.outcome, Language::Chinese);
                let words = left_over(&told);
                if !words.is_empty() {
                    unknown.insert(format!("{words:?} in {told}"));
                }
            }
        }
        assert!(kinds.contains(&IncidentKind::Intrusion) && kinds.len() >= 15, "{kinds:?}");
        assert!(unknown.is_empty(), "{} are not known: {unknown:#?}", unknown.len());
    }
}
