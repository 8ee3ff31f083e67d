const listed = (text: string): readonly string[] => text.trim().split(/,\s+/);

/** Invented people take their names from here. Apostrophes, hyphens, accents and several scripts are on purpose. */
export const FIRST_NAMES = listed(`
  Abena, Adèle, Agnieszka, Aïcha, Alasdair, Amara, Anaïs, Aneurin, Anjali, Antonín, Aoife, Ayşe, Béla,
  Bethan, Bronwyn, Callum, Chidi, Chloë, Ciarán, D’Andre, Daiyu, Deepa, Dilnoza, Eilidh, Elif, Élodie, Emeka,
  Esmé, Fatoumata, Fionnuala, Françoise, Gethin, Giulia, Grażyna, Håkon, Hamza, Hyun-woo, Idris, Ifeoma,
  Imogen, Iñigo, Jaspreet, Jean-Luc, Jürgen, Kacper, Kateřina, Keziah, Kwabena, Lakshmi, Léa, Linh, Llŷr,
  Łukasz, Mairéad, Małgorzata, Marisol, Mehmet, Mirembe, Mohammed, Nadezhda, Ngozi, Niamh, Noémie, O’Shea,
  Ólafur, Oluwaseun, Ottoline, Oscar, Padraig, Parvati, Petronella, Quỳnh, Rabia, Rhiannon, Róisín, Sadia,
  Saoirse, Sinéad, Søren, Štěpán, Tadhg, Tamsin, Tariq, Tomasz, Uchenna, Umar, Valentina, Víctor, Wanjiru,
  William, Xiomara, Xiuying, Yannick, Yetunde, Yusuf, Zahra, Zdeněk, Zoë, Zsófia, Željko
`);

export const SURNAMES = listed(`
  Abdi, Acheampong, Adébáyọ̀, Ahmed, Åkesson, Al-Masri, Ap Rhys, Arslan, Bączkowski, Bailey, Balogun, Begum,
  Beaumont-Clarke, Błaszczyk, Brontë, Çelik, Chaudhry, Chukwu, Dąbrowska, D’Souza, De la Cruz, Delacroix,
  Desai, Dvořák, Eriksen, Evans, Fernández, Fitzgerald, Fraser, García López, Ghosh, Gonçalves, Griffiths,
  Grünewald, Haddad, Hughes, Hussain, Huỳnh, Ibrahim, Iqbal, Ivanova, Jankowski, Jones, Kapoor, Karimi, Kaur,
  Kovačević, Kowalczyk, Lam, Lefèvre, Lindqvist, Llewellyn, Lópes, MacLeod, Mbeki, McAllister, Mehta, Meyer,
  Müller, Muñoz, Nakamura, N’Diaye, Ng, Nguyễn, Nowak, Núñez, O’Connor, O'Brien, Ó Súilleabháin, Odhiambo,
  Okafor, Oyelaran, Øster, Papadopoulos, Patel, Pereira, Popescu, Prys-Jones, Quaye, Rahman, Rees, Rodrigues,
  Ryan, Saint-Clair, Šarić, Schäfer, Sharma, Singh, Ślusarczyk, Smith, St. John, Szabó, Tanaka, Taylor, Tran,
  Ünal, Van den Berg, Vasquez, Wójcik, Wu, Yeo, Yılmaz, Ysgafn, Żak, Zhou
`);

export const CLINICIANS = listed(`
  a.hartley, b.nkemelu, c.wyndham, d.sorensen, e.castellano, f.osei, g.trevithick, h.banerjee, i.lockwood,
  j.zielinska, k.marchetti, l.abernathy
`);

/** The letters a mail server surely takes: accents dropped, the rest of the alphabet folded or left out. */
export function plainLetters(text: string): string {
  return text
    .normalize('NFKD')
    .replace(/[łŁ]/g, 'l')
    .replace(/[øØ]/g, 'o')
    .replace(/ı/g, 'i')
    .toLowerCase()
    .replace(/[^a-z]/g, '');
}
