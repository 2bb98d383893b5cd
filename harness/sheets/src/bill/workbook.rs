//! The bill as a workbook: counts and sums are formulas, so that who changes a price or strikes a device sees the total
//! follow.

use std::collections::BTreeMap;

use palisade_layout::analysis::prices::{How, Prices};
use rust_xlsxwriter::{
    DocProperties, ExcelDateTime, Format, FormatAlign, Formula, Workbook, Worksheet, XlsxError,
};

use super::table::{HEADS, Row, rows};
use crate::{Failed, Material};

/// Name of the sheet with the sums.
const BILL: &str = "工程量清单 Bill";
/// Name of the sheet with the devices.
const DEVICES: &str = "设备 Devices";
/// Heads of the bill.
const BILL_HEADS: [&str; 7] = [
    "类别 Sort",
    "名称 Name",
    "规格 Specification",
    "数量 Count",
    "单价 Unit price (CNY)",
    "合计 Sum (CNY)",
    "单价依据 Price is",
];

/// `kit.xlsx`.
///
/// # Errors
/// When the writer refuses, which is a bug.
pub fn workbook(material: &Material) -> Result<Vec<u8>, Failed> {
    let rows = rows(material);
    written(&material.scenario.file.name, material.prices, &rows).map_err(|e| Failed::writer("kit.xlsx", e))
}

fn written(name: &str, prices: &Prices, rows: &[Row]) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    // The plan's bytes depend on nothing but the plan: the file's date is that of its prices.
    let dated = ExcelDateTime::parse_from_str(&prices.dated)?;
    book.set_properties(&DocProperties::new().set_title(name).set_creation_datetime(&dated));
    bill(book.add_worksheet().set_name(BILL)?, name, prices, rows)?;
    devices(book.add_worksheet().set_name(DEVICES)?, prices, rows)?;
    book.save_to_buffer()
}

fn basis(how: How) -> &'static str {
    match how {
        How::Assumed => "假定值（assumed）",
        How::Quoted => "报价（quoted）",
    }
}

/// Sorts and specifications with how many there are, in the order of the devices.
fn groups(rows: &[Row]) -> Vec<(&Row, usize)> {
    let mut counts: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    let mut order: Vec<&Row> = Vec::new();
    for row in rows {
        let count = counts.entry((row.sort, &row.specification)).or_default();
        *count += 1;
        if *count == 1 {
            order.push(row);
        }
    }
    order.into_iter().map(|row| (row, counts[&(row.sort, row.specification.as_str())])).collect()
}

fn bill(sheet: &mut Worksheet, name: &str, prices: &Prices, rows: &[Row]) -> Result<(), XlsxError> {
    let bold = Format::new().set_bold();
    let money = Format::new().set_num_format("#,##0");
    let total_format = Format::new().set_bold().set_num_format("#,##0");
    sheet.write_with_format(0, 0, format!("{name} 设备工程量清单 bill of materials"), &bold)?;
    let said = format!(
        "单价为 {} 的{}，单位 {}；含材料和安装，线缆每台按 {} m 计。",
        prices.dated,
        basis(prices.how),
        prices.currency,
        prices.ordinary.cable_m
    );
    sheet.write(1, 0, said)?;
    heads(sheet, 3, &BILL_HEADS)?;
    let groups = groups(rows);
    let mut total = 0.0;
    for (i, (row, count)) in groups.iter().enumerate() {
        let line = 4 + i as u32;
        let sum = *count as f64 * row.price;
        total += sum;
        sheet.write(line, 0, row.sort)?.write(line, 1, row.chinese)?.write(line, 2, &row.specification)?;
        // An empty specification counts the devices that have none.
        let counted =
            format!("=COUNTIFS('{DEVICES}'!$B:$B,A{0},'{DEVICES}'!$D:$D,IF(C{0}=\"\",\"\",C{0}))", line + 1);
        sheet.write_formula(line, 3, Formula::new(counted).set_result(count.to_string()))?;
        sheet.write_number_with_format(line, 4, row.price, &money)?;
        let product = Formula::new(format!("=D{0}*E{0}", line + 1)).set_result(sum.to_string());
        sheet.write_formula_with_format(line, 5, product, &money)?;
        sheet.write(line, 6, format!("{} {}", prices.how.word(), prices.dated))?;
    }
    let end = 4 + groups.len() as u32;
    sheet.write_with_format(end, 0, "总计 Total", &bold)?;
    let sum = |column: char| format!("=SUM({column}5:{column}{end})");
    let counted = Formula::new(sum('D')).set_result(rows.len().to_string());
    sheet.write_formula_with_format(end, 3, counted, &bold)?;
    let summed = Formula::new(sum('F')).set_result(total.to_string());
    sheet.write_formula_with_format(end, 5, summed, &total_format)?;
    widths(sheet, &[16.0, 22.0, 26.0, 12.0, 20.0, 18.0, 22.0])?;
    sheet.set_freeze_panes(4, 0)?;
    Ok(())
}

fn devices(sheet: &mut Worksheet, prices: &Prices, rows: &[Row]) -> Result<(), XlsxError> {
    heads(sheet, 0, &HEADS)?;
    for (i, row) in rows.iter().enumerate() {
        let line = 1 + i as u32;
        sheet.write(line, 0, &row.id)?.write(line, 1, row.sort)?.write(line, 2, row.chinese)?;
        sheet.write(line, 3, &row.specification)?;
        for (column, metres) in (4u16..).zip(row.at_m) {
            sheet.write(line, column, metres)?;
        }
        sheet.write(line, 7, row.price)?.write(line, 8, prices.how.word())?.write(line, 9, &prices.dated)?;
    }
    widths(sheet, &[24.0, 16.0, 20.0, 26.0, 10.0, 10.0, 10.0, 16.0, 12.0, 14.0])?;
    sheet.set_freeze_panes(1, 1)?;
    Ok(())
}

fn heads(sheet: &mut Worksheet, line: u32, heads: &[&str]) -> Result<(), XlsxError> {
    let format = Format::new().set_bold().set_align(FormatAlign::Left).set_background_color("EEF1EC");
    for (column, head) in (0u16..).zip(heads) {
        sheet.write_with_format(line, column, *head, &format)?;
    }
    Ok(())
}

fn widths(sheet: &mut Worksheet, widths: &[f64]) -> Result<(), XlsxError> {
    for (column, width) in (0u16..).zip(widths) {
        sheet.set_column_width(column, *width)?;
    }
    Ok(())
}
