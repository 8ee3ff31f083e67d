/**
 * The subdivisions of the United Kingdom of ISO 3166-2: type, code of the parent, then `code name` of each.
 * Order does not matter.
 */
export const SUBDIVISIONS: readonly (readonly [type: string, parent: string | null, members: string])[] = [
  [
    'District',
    'GB-NIR',
    `
ABC Armagh City, Banbridge and Craigavon|AND Ards and North Down|ANN Antrim and Newtownabbey|BFS Belfast City
CCG Causeway Coast and Glens|DRS Derry and Strabane|FMO Fermanagh and Omagh|LBC Lisburn and Castlereagh
MEA Mid and East Antrim|MUL Mid-Ulster|NMD Newry, Mourne and Down
`,
  ],
  [
    'Council area',
    'GB-SCT',
    `
ABD Aberdeenshire|ABE Aberdeen City|AGB Argyll and Bute|ANS Angus|CLK Clackmannanshire|DGY Dumfries and Galloway
DND Dundee City|EAY East Ayrshire|EDH Edinburgh, City of|EDU East Dunbartonshire|ELN East Lothian
ELS Eilean Siar|ERW East Renfrewshire|FAL Falkirk|FIF Fife|GLG Glasgow City|HLD Highland|IVC Inverclyde
MLN Midlothian|MRY Moray|NAY North Ayrshire|NLK North Lanarkshire|ORK Orkney Islands|PKN Perth and Kinross
RFW Renfrewshire|SAY South Ayrshire|SCB Scottish Borders|SLK South Lanarkshire|STG Stirling
WDU West Dunbartonshire|WLN West Lothian|ZET Shetland Islands
`,
  ],
  [
    'Unitary authority',
    'GB-WLS',
    `
AGY Isle of Anglesey [Sir Ynys Môn GB-YNM]|BGE Bridgend [Pen-y-bont ar Ogwr GB-POG]|BGW Blaenau Gwent
CAY Caerphilly [Caerffili GB-CAF]|CGN Ceredigion [Sir Ceredigion]|CMN Carmarthenshire [Sir Gaerfyrddin GB-GFY]
CRF Cardiff [Caerdydd GB-CRD]|CWY Conwy|DEN Denbighshire [Sir Ddinbych GB-DDB]
FLN Flintshire [Sir y Fflint GB-FFL]|GWN Gwynedd|MON Monmouthshire [Sir Fynwy GB-FYN]
MTY Merthyr Tydfil [Merthyr Tudful GB-MTU]|NTL Neath Port Talbot [Castell-nedd Port Talbot GB-CTL]
NWP Newport [Casnewydd GB-CNW]|PEM Pembrokeshire [Sir Benfro GB-BNF]|POW Powys
RCT Rhondda Cynon Taff [Rhondda CynonTaf]|SWA Swansea [Abertawe GB-ATA]|TOF Torfaen [Tor-faen]
VGL Vale of Glamorgan, The [Bro Morgannwg GB-BMG]|WRX Wrexham [Wrecsam GB-WRC]
`,
  ],
  [
    'Unitary authority',
    'GB-ENG',
    `
BAS Bath and North East Somerset|BBD Blackburn with Darwen|BCP Bournemouth, Christchurch and Poole|BDF Bedford
BKM Buckinghamshire|BNH Brighton and Hove|BPL Blackpool|BRC Bracknell Forest|BST Bristol, City of
CBF Central Bedfordshire|CHE Cheshire East|CHW Cheshire West and Chester|CON Cornwall|DAL Darlington|DER Derby
DUR Durham, County|ERY East Riding of Yorkshire|HAL Halton|HEF Herefordshire|HPL Hartlepool|IOS Isles of Scilly
IOW Isle of Wight|KHL Kingston upon Hull|LCE Leicester|LUT Luton|MDB Middlesbrough|MDW Medway|MIK Milton Keynes
NBL Northumberland|NEL North East Lincolnshire|NGM Nottingham|NLN North Lincolnshire|NNH North Northamptonshire
NSM North Somerset|PLY Plymouth|POR Portsmouth|PTE Peterborough|RCC Redcar and Cleveland|RDG Reading|RUT Rutland
SGC South Gloucestershire|SHR Shropshire|SLG Slough|SOS Southend-on-Sea|STE Stoke-on-Trent|STH Southampton
STT Stockton-on-Tees|SWD Swindon|TFW Telford and Wrekin|THR Thurrock|TOB Torbay|WBK West Berkshire|WIL Wiltshire
WNH West Northamptonshire|WNM Windsor and Maidenhead|WOK Wokingham|WRT Warrington|YOR York
`,
  ],
  [
    'London borough',
    'GB-ENG',
    `
BDG Barking and Dagenham|BEN Brent|BEX Bexley|BNE Barnet|BRY Bromley|CMD Camden|CRY Croydon|EAL Ealing
ENF Enfield|GRE Greenwich|HAV Havering|HCK Hackney|HIL Hillingdon|HMF Hammersmith and Fulham|HNS Hounslow
HRW Harrow|HRY Haringey|ISL Islington|KEC Kensington and Chelsea|KTT Kingston upon Thames|LBH Lambeth
LEW Lewisham|MRT Merton|NWM Newham|RDB Redbridge|RIC Richmond upon Thames|STN Sutton|SWK Southwark
TWH Tower Hamlets|WFT Waltham Forest|WND Wandsworth|WSM Westminster
`,
  ],
  [
    'Metropolitan district',
    'GB-ENG',
    `
BIR Birmingham|BNS Barnsley|BOL Bolton|BRD Bradford|BUR Bury|CLD Calderdale|COV Coventry|DNC Doncaster
DUD Dudley|GAT Gateshead|KIR Kirklees|KWL Knowsley|LDS Leeds|LIV Liverpool|MAN Manchester
NET Newcastle upon Tyne|NTY North Tyneside|OLD Oldham|RCH Rochdale|ROT Rotherham|SAW Sandwell|SFT Sefton
SHF Sheffield|SHN St. Helens|SKP Stockport|SLF Salford|SND Sunderland|SOL Solihull|STY South Tyneside
TAM Tameside|TRF Trafford|WGN Wigan|WKF Wakefield|WLL Walsall|WLV Wolverhampton|WRL Wirral
`,
  ],
  [
    'Two-tier county',
    'GB-ENG',
    `
CAM Cambridgeshire|CMA Cumbria|DBY Derbyshire|DEV Devon|DOR Dorset|ESS Essex|ESX East Sussex|GLS Gloucestershire
HAM Hampshire|HRT Hertfordshire|KEN Kent|LAN Lancashire|LEC Leicestershire|LIN Lincolnshire|NFK Norfolk
NTT Nottinghamshire|NYK North Yorkshire|OXF Oxfordshire|SFK Suffolk|SOM Somerset|SRY Surrey|STS Staffordshire
WAR Warwickshire|WOR Worcestershire|WSX West Sussex
`,
  ],
  [
    'Country',
    null,
    `
ENG England|SCT Scotland|WLS Wales [Cymru GB-CYM]
`,
  ],
  [
    'City corporation',
    'GB-ENG',
    `
LND London, City of
`,
  ],
  [
    'Province',
    null,
    `
NIR Northern Ireland
`,
  ],
];
